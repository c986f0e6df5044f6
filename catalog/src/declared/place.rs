//! Where a lock file speaks of the image, and where it is only part of something that was downloaded.
//!
//! A package often comes with the lock file that its developers worked with. That file tells nothing of what is
//! in the image: the package's users get other versions, recorded elsewhere. Neither do the sources in a package manager's
//! cache and the examples and test data of a program.
//!
//! The decision a reader may doubt: this looks at names of directories alone. An application that lies in a directory of such
//! a name is missed, which the names are chosen to make rare; what it has installed is found all the same.

/// Directories whose content was put there by a package manager, or is documentation or test data, wherever they are.
const FOREIGN: [&[u8]; 33] = [
    // installed packages
    b"node_modules",
    b"bower_components",
    b"jspm_packages",
    b"site-packages",
    b"dist-packages",
    b"site-library",
    b"vendor",
    b"Pods",
    b"Carthage",
    b"rubygems-integration",
    b"elm-stuff",
    // caches and stores of package managers, and toolchains
    b".cargo",
    b".rustup",
    b"rustlib",
    b".npm",
    b".pnpm",
    b".pnpm-store",
    b".yarn",
    b".cache",
    b".m2",
    b".gradle",
    b".ivy2",
    b".nuget",
    b".pub-cache",
    b".gem",
    b".julia",
    b".stack",
    b".cpanm",
    b".build",
    // test data
    b"testdata",
    b"test-fixtures",
    b"fixtures",
    b"__fixtures__",
];

/// A directory and the one below it that together hold what a package manager downloaded.
const FOREIGN_PAIRS: [(&[u8], &[u8]); 8] = [
    (b"pkg", b"mod"),
    (b"registry", b"src"),
    (b"git", b"checkouts"),
    (b"bundler", b"gems"),
    (b"META-INF", b"maven"),
    (b".hex", b"packages"),
    (b".cabal", b"packages"),
    (b".conan2", b"p"),
];

/// Directories of distributions that hold sources, documentation and libraries of packages.
const SYSTEM: [&[u8]; 17] = [
    b"usr/share/doc/",
    b"usr/share/nodejs/",
    b"usr/share/javascript/",
    b"usr/share/gocode/",
    b"usr/share/cargo/",
    b"usr/share/php/",
    b"usr/share/perl/",
    b"usr/share/perl5/",
    b"usr/share/ruby-rails/",
    b"usr/lib/nodejs/",
    b"usr/lib/ruby/",
    b"usr/lib/R/",
    b"usr/lib/erlang/",
    b"usr/lib/go-",
    b"usr/local/go/",
    b"usr/local/lib/R/",
    b"usr/local/lib/ruby/",
];

/// Whether a lock file at `path` is one of the image's own.
pub(crate) fn is_own(path: &[u8]) -> bool {
    if SYSTEM.iter().any(|directory| path.starts_with(directory)) {
        return false;
    }
    let mut previous: [&[u8]; 2] = [b"", b""];
    let mut components = path.split(|byte| *byte == b'/').peekable();
    while let Some(component) = components.next() {
        if components.peek().is_none() {
            return true;
        }
        let [before_last, last] = previous;
        let is_foreign = FOREIGN.contains(&component)
            || FOREIGN_PAIRS.contains(&(last, component))
            || (last == b"gems" && is_versioned(component))
            || (before_last == b"pkgs" && component == b"info");
        if is_foreign {
            return false;
        }
        previous = [last, component];
    }
    true
}

/// `rake-13.0.6`: the directory of a gem.
fn is_versioned(component: &[u8]) -> bool {
    component.windows(2).any(|pair| pair[0] == b'-' && pair[1].is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_applications_count() {
        for path in [
            "package-lock.json",
            "app/package-lock.json",
            "usr/src/app/package-lock.json",
            "srv/gems/Gemfile.lock",
            "srv/gems/shop/Gemfile.lock",
            "opt/registry/app/Cargo.lock",
            "usr/share/shop/composer.lock",
            "opt/shop-1.2/packages/web/yarn.lock",
            "home/me/vendor.d/go.mod",
        ] {
            assert!(is_own(path.as_bytes()), "{path}");
        }
    }

    #[test]
    fn files_that_came_with_a_package_do_not() {
        for path in [
            "app/node_modules/a/package-lock.json",
            "node_modules/@s/a/yarn.lock",
            "usr/lib/python3/dist-packages/a/requirements.txt",
            "opt/v/lib/python3.11/site-packages/a/poetry.lock",
            "app/vendor/acme/lib/composer.lock",
            "app/vendor/bundle/ruby/3.1.0/gems/a-1/Gemfile.lock",
            "usr/local/bundle/gems/a-1.0/Gemfile.lock",
            "usr/local/bundle/bundler/gems/a-abc/Gemfile.lock",
            "root/.cargo/registry/src/index/a-1/Cargo.lock",
            "usr/local/cargo/registry/src/index.crates.io-6f17/a-1/Cargo.lock",
            "usr/local/cargo/git/checkouts/a/1/Cargo.lock",
            "go/pkg/mod/github.com/a/b@v1.0.0/go.mod",
            "usr/local/go/src/go.mod",
            "usr/lib/go-1.19/src/go.mod",
            "usr/share/doc/a/examples/package-lock.json",
            "opt/conda/pkgs/a-1-0/info/test/package-lock.json",
            "app/tests/fixtures/Gemfile.lock",
            "srv/WEB-INF/classes/META-INF/maven/g/a/pom.xml",
            "app/.build/checkouts/a/Package.resolved",
        ] {
            assert!(!is_own(path.as_bytes()), "{path}");
        }
    }
}
