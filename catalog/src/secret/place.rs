//! Which files are searched for credentials.
//!
//! Left out are the places of packages, of the system and of runtimes, whose files are the same for everybody, and
//! tests, examples and documentation, where tokens are made up. Asked for every entry of every layer, so what most
//! paths fail at first, their name, costs a look at a few bytes.

use super::rule::Kind;

/// Beginnings of paths that are not looked under.
const SYSTEM: &[&[u8]] = &[
    b"bin/",
    b"boot/",
    b"dev/",
    b"lib/",
    b"lib32/",
    b"lib64/",
    b"proc/",
    b"sbin/",
    b"sys/",
    b"nix/store/",
    b"snap/",
    b"etc/alternatives/",
    b"etc/init.d/",
    b"opt/conda/lib/",
    b"usr/bin/",
    b"usr/games/",
    b"usr/include/",
    b"usr/lib/",
    b"usr/lib32/",
    b"usr/lib64/",
    b"usr/libexec/",
    b"usr/sbin/",
    b"usr/share/",
    b"usr/src/linux",
    b"usr/local/go/",
    b"usr/local/include/",
    b"usr/local/lib/python",
    b"usr/local/lib/ruby/",
    b"usr/local/rustup/",
    b"usr/local/share/",
    b"var/cache/",
    b"var/lib/apt/",
    b"var/lib/dpkg/",
    b"var/lib/gems/",
    b"var/lib/rpm/",
];

/// Where applications lie in spite of a beginning in [`SYSTEM`].
const APPLICATIONS: &[&[u8]] = &[b"usr/share/nginx/html/", b"usr/share/caddy/", b"usr/share/tomcat/"];

/// Folders of packages, caches, tests, examples and documentation, wherever they lie.
const FOLDERS: &[&[u8]] = &[
    b"node_modules",
    b"site-packages",
    b"dist-packages",
    b"bower_components",
    b"gems",
    b"vendor",
    b"__pycache__",
    b"rustlib",
    b"jvm",
    b"test",
    b"tests",
    b"testing",
    b"testdata",
    b"__tests__",
    b"spec",
    b"fixtures",
    b"example",
    b"examples",
    b"samples",
    b"doc",
    b"docs",
    b"man",
    b"locale",
    b"locales",
    b"i18n",
];

/// Places of packages that are two folders deep.
const DEEPER: &[&[u8]] = &[
    b".m2/repository/",
    b"go/pkg/mod/",
    b".cargo/registry/",
    b".gradle/caches/",
    b".npm/_cacache/",
    b".nuget/packages/",
];

/// The kind of the file at `path` if it is searched.
pub(super) fn kind(path: &[u8], name: &[u8]) -> Option<Kind> {
    let kind = by_name(path, name)?;
    (!is_elsewhere(path)).then_some(kind)
}

fn by_name(path: &[u8], name: &[u8]) -> Option<Kind> {
    let folder = &path[..path.len() - name.len()];
    match name {
        b".netrc" | b"_netrc" => return Some(Kind::Netrc),
        b".pgpass" | b"pgpass.conf" => return Some(Kind::PgPass),
        b".htpasswd" => return Some(Kind::Htpasswd),
        b".npmrc" => return Some(Kind::Npmrc),
        b".env" | b".envrc" | b"environment" => return Some(Kind::Environment),
        b".dockercfg" | b".dockerconfigjson" => return Some(Kind::DockerConfig),
        b"config.json" | b"auth.json" if is_docker(folder) => return Some(Kind::DockerConfig),
        b".bash_history" | b".zsh_history" | b".ash_history" | b".bashrc" | b".zshrc" | b".profile"
        | b".bash_profile" | b".my.cnf" | b".git-credentials" | b".gitconfig" | b".yarnrc" | b".pypirc"
        | b".s3cfg" | b".boto" | b".vault-token" | b"id_rsa" | b"id_dsa" | b"id_ecdsa" | b"id_ed25519"
        | b"identity" | b"credentials" | b"kubeconfig" | b"config" | b"Dockerfile" | b"Makefile" => {
            return Some(Kind::Text);
        }
        _ => {}
    }
    if name.starts_with(b"ssh_host_") && name.ends_with(b"_key") {
        return Some(Kind::Text);
    }
    if name.starts_with(b".env.") {
        return Some(Kind::Environment);
    }
    let dot = memchr::memrchr(b'.', name)?;
    match &name[dot + 1..] {
        b"env" => Some(Kind::Environment),
        b"conf" | b"cfg" | b"cnf" | b"config" | b"ini" | b"properties" | b"toml" | b"yaml" | b"yml"
        | b"json" | b"xml" | b"plist" | b"service" | b"tf" | b"tfvars" | b"tfstate" | b"ovpn" | b"txt"
        | b"sql" => Some(Kind::Text),
        b"pem" | b"key" | b"p8" | b"ppk" | b"asc" | b"pgp" | b"gpg" | b"age" | b"crt" => Some(Kind::Text),
        b"sh" | b"bash" | b"zsh" | b"ps1" | b"py" | b"rb" | b"js" | b"mjs" | b"cjs" | b"ts" | b"jsx"
        | b"tsx" | b"php" | b"go" | b"java" | b"kt" | b"cs" | b"rs" | b"gradle" | b"groovy" | b"html"
        | b"ipynb" => Some(Kind::Text),
        _ => None,
    }
}

fn is_docker(folder: &[u8]) -> bool {
    folder.ends_with(b".docker/") || folder.ends_with(b"containers/") || folder.ends_with(b"kaniko/.docker/")
}

/// Whether the path is a place where nobody leaves credentials of their own.
fn is_elsewhere(path: &[u8]) -> bool {
    let is_system = SYSTEM.iter().any(|place| path.starts_with(place));
    if is_system && !APPLICATIONS.iter().any(|place| path.starts_with(place)) {
        return true;
    }
    let folders = crate::path::parent(path);
    folders.split(|byte| *byte == b'/').any(|folder| FOLDERS.contains(&folder))
        || DEEPER.iter().any(|place| memchr::memmem::find(path, place).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_sources_and_keys_are_searched_where_people_put_their_own() {
        let cases = [
            ("app/.env", Some(Kind::Environment)),
            ("app/.env.production", Some(Kind::Environment)),
            ("app/settings.py", Some(Kind::Text)),
            ("usr/src/app/server.js", Some(Kind::Text)),
            ("root/.aws/credentials", Some(Kind::Text)),
            ("root/.docker/config.json", Some(Kind::DockerConfig)),
            ("root/.ssh/id_ed25519", Some(Kind::Text)),
            ("root/.npmrc", Some(Kind::Npmrc)),
            ("etc/ssh/ssh_host_rsa_key", Some(Kind::Text)),
            ("etc/ssl/private/server.key", Some(Kind::Text)),
            ("usr/share/nginx/html/config.js", Some(Kind::Text)),
            ("usr/local/etc/app.conf", Some(Kind::Text)),
            ("srv/.git/config", Some(Kind::Text)),
            ("app/node_modules/a/index.js", None),
            ("opt/v/lib/python3.11/site-packages/a/test.py", None),
            ("usr/lib/python3.11/ssl.py", None),
            ("usr/local/lib/python3.11/ssl.py", None),
            ("usr/share/doc/openssl/key.pem", None),
            ("app/tests/key.pem", None),
            ("app/vendor/a/b.php", None),
            ("root/.m2/repository/a/a.xml", None),
            ("app/logo.png", None),
            ("app/data", None),
            ("app/libx.so", None),
        ];
        for (path, expected) in cases {
            let path = path.as_bytes();
            assert_eq!(kind(path, crate::path::name(path)), expected, "{}", crate::path::text(path));
        }
    }
}
