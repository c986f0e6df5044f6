//! What happens to the containers: who they are, and the steps of their lives, as data.
//!
//! Every third container is of one image, and among those of one image several do different things in the same step. Every fifth of them
//! returns: what it changes it puts back in the end, and must then hold exactly what its image holds.

use super::inside::Wanted;

const LITTLE: Wanted = Wanted { npm: false, verified: false, files: false };
const NPM: Wanted = Wanted { npm: true, ..LITTLE };
const VERIFIED: Wanted = Wanted { verified: true, ..LITTLE };
const EVERYTHING: Wanted = Wanted { npm: true, verified: true, files: false };

/// The image that a container is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    Debian,
    Python,
    Node,
}

impl Family {
    pub(super) const ALL: [Self; 3] = [Self::Debian, Self::Python, Self::Node];

    /// The fixture.
    pub(super) fn fixture(self) -> &'static str {
        match self {
            Self::Debian => "debian-12",
            Self::Python => "debian-python",
            Self::Node => "node",
        }
    }
}

/// Who a container is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Role {
    pub(super) family: Family,
    /// Its number among those of its image.
    pub(super) number: usize,
    /// Whether it puts back what it changes.
    pub(super) returns: bool,
}

impl Role {
    pub(super) fn of(number: usize) -> Self {
        let number_in_family = number / Family::ALL.len();
        let family = Family::ALL[number % Family::ALL.len()];
        Self { family, number: number_in_family, returns: number_in_family % 5 == 4 }
    }

    /// One of several ways, chosen by the number.
    fn pick(self, ways: &[&'static str]) -> Vec<Deed> {
        vec![Deed::Inside(ways[self.number % ways.len()])]
    }

    /// Whether the container does what only some do.
    fn is_odd(self) -> bool {
        self.number % 2 == 1
    }
}

/// What is done to a container.
#[derive(Clone, Copy, Debug)]
pub(super) enum Deed {
    /// A script is run in it, by root.
    Inside(&'static str),
    /// A command of the runtime, with the container's name at its end.
    Runtime(&'static [&'static str]),
    /// It gets a new name.
    Rename,
}

/// A step that all containers go through.
pub(super) struct Step {
    pub(super) name: &'static str,
    /// What is done; nothing leaves the container as it is, and it is compared all the same.
    pub(super) deeds: fn(Role) -> Vec<Deed>,
    /// What is asked for afterwards beyond what costs little.
    pub(super) wanted: Wanted,
}

/// The steps after the start.
pub(super) const STEPS: &[Step] = &[
    Step { name: "apt-get update", deeds: |_| vec![Deed::Inside("sources")], wanted: LITTLE },
    Step { name: "apt-get install", deeds: install, wanted: LITTLE },
    Step { name: "apt-get remove", deeds: remove, wanted: LITTLE },
    Step { name: "apt-get upgrade", deeds: upgrade, wanted: LITTLE },
    Step { name: "the same version again", deeds: again, wanted: LITTLE },
    Step { name: "dpkg --purge, holds", deeds: purge, wanted: LITTLE },
    Step { name: "half-way states", deeds: half, wanted: LITTLE },
    Step { name: "apt-get clean", deeds: |_| vec![Deed::Inside(CLEAN)], wanted: LITTLE },
    Step { name: "pip, npm install", deeds: add, wanted: NPM },
    Step { name: "another version", deeds: vary, wanted: NPM },
    Step { name: "pip, npm uninstall", deeds: uninstall, wanted: NPM },
    Step { name: "files", deeds: files, wanted: VERIFIED },
    Step { name: "change, pause", deeds: pause, wanted: LITTLE },
    Step { name: "unpause", deeds: |_| vec![Deed::Runtime(&["unpause"])], wanted: LITTLE },
    Step { name: "change, stop", deeds: stop, wanted: LITTLE },
    Step { name: "start again", deeds: |_| vec![Deed::Runtime(&["start"])], wanted: LITTLE },
    Step { name: "rename", deeds: |_| vec![Deed::Rename], wanted: LITTLE },
    Step { name: "restart, kill", deeds: restart, wanted: LITTLE },
    Step { name: "back to the image", deeds: back, wanted: EVERYTHING },
];

/// Before this step containers are made images of.
pub(super) const BEFORE_COMMIT: &str = "back to the image";

const CLEAN: &str = "apt clean; rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin";

fn install(role: Role) -> Vec<Deed> {
    if role.returns {
        return role.pick(&["apt install tree"]);
    }
    if role.family == Family::Python && role.is_odd() {
        // they stand behind those that pip installed; one of them is not there otherwise
        return role.pick(&["apt install python3-idna python3-six zip=$(version bookworm zip)"]);
    }
    role.pick(&[
        "apt install tree=$(version bullseye tree)",
        "apt install zip=$(version bullseye zip) unzip=$(version bullseye unzip)",
        "apt install jq netcat-traditional",
        "apt install less=$(version bookworm less) netbase",
        "dpkg --add-architecture i386; apt-get -q update; apt install gcc-12-base:i386",
    ])
}

fn remove(role: Role) -> Vec<Deed> {
    match role.family {
        // pip needs certificates, and Python much else
        Family::Python if role.returns => role.pick(&["apt remove curl"]),
        Family::Debian | Family::Node if role.returns => role.pick(&["apt remove ca-certificates"]),
        Family::Python => role.pick(&["apt remove curl", "apt remove libbrotli1", "apt remove tzdata"]),
        Family::Debian | Family::Node => role.pick(&[
            "apt remove tzdata",
            "apt remove ca-certificates openssl",
            "apt remove --auto-remove mount",
        ]),
    }
}

fn upgrade(role: Role) -> Vec<Deed> {
    if role.returns {
        return role.pick(&["apt install hostname=$(version trixie hostname)"]);
    }
    role.pick(&[
        "apt install hostname=$(version trixie hostname)",
        "apt install debian-archive-keyring=$(version trixie debian-archive-keyring)",
        "apt install debian-archive-keyring=$(version bullseye debian-archive-keyring)",
        "apt upgrade",
    ])
}

fn again(role: Role) -> Vec<Deed> {
    role.pick(&[
        "apt install --reinstall sed=$(version bookworm sed)",
        "dpkg --install \"$(deb bookworm sed)\"",
        "dpkg --unpack \"$(deb bookworm sed)\"; dpkg --configure --pending",
    ])
}

fn purge(role: Role) -> Vec<Deed> {
    if role.returns {
        return role.pick(&["apt-mark hold sed; apt-mark unhold sed"]);
    }
    match (role.family, role.number % 3) {
        (Family::Python, 0) => role.pick(&["dpkg --purge netbase curl; apt-mark hold sed"]),
        (_, 0) => role.pick(&["dpkg --purge tzdata; apt-mark hold sed grep"]),
        (_, 1) => role.pick(&["apt purge zip unzip jq less python3-six; apt-mark auto perl"]),
        _ => role.pick(&[
            "echo hostname hold | dpkg --set-selections; echo sed deinstall | dpkg --set-selections",
        ]),
    }
}

/// States that packages are left in when something fails.
fn half(role: Role) -> Vec<Deed> {
    if role.returns {
        return Vec::new();
    }
    role.pick(&[
        "dpkg --unpack \"$(deb bookworm dumb-init)\"",
        "dpkg --unpack \"$(deb bookworm dumb-init)\"
         printf '#!/bin/sh\\nexit 1\\n' >/var/lib/dpkg/info/dumb-init.postinst; chmod 755 /var/lib/dpkg/info/dumb-init.postinst
         dpkg --configure dumb-init || true",
        "dpkg --install \"$(deb bookworm dumb-init)\"
         printf '#!/bin/sh\\nexit 1\\n' >/var/lib/dpkg/info/dumb-init.prerm; chmod 755 /var/lib/dpkg/info/dumb-init.prerm
         dpkg --remove dumb-init || true",
        "dpkg --install \"$(deb bookworm dumb-init)\"
         printf '#!/bin/sh\\nexit 1\\n' >/var/lib/dpkg/info/dumb-init.postrm; chmod 755 /var/lib/dpkg/info/dumb-init.postrm
         dpkg --remove dumb-init || true",
    ])
}

fn add(role: Role) -> Vec<Deed> {
    match role.family {
        Family::Debian => Vec::new(),
        Family::Python if role.returns => role.pick(&["fetch toml"]),
        Family::Node if role.returns => role.pick(&["npm install --global /repo/npm/left-pad-1.3.0.tgz"]),
        Family::Python => role.pick(&[
            "fetch toml typing-extensions",
            "fetch pyyaml zope.interface",
            "fetch --user attrs==19.3.0 idna==2.8",
            "fetch --target /opt/lib requests==2.20.0",
            "fetch attrs",
            "python3 -m venv --without-pip /opt/venv; python3 -m pip --python /opt/venv/bin/python install --quiet --no-index \
             --find-links /repo/wheels six==1.12.0 attrs",
            "mkdir -p /srv/own; cd /srv/own; echo 'def f(): pass' >own.py
             echo 'from setuptools import setup; setup(name=\"Own_App\", version=\"3.1\", py_modules=[\"own\"])' >setup.py
             pip install --no-build-isolation --no-index --editable .",
            "mkdir -p /tmp/own; cd /tmp/own; echo 'def f(): pass' >own.py
             echo 'from setuptools import setup; setup(name=\"Own_App\", version=\"3.1\", py_modules=[\"own\"])' >setup.py
             python3 setup.py --quiet install; rm -rf /tmp/own",
        ]),
        Family::Node => role.pick(&[
            "npm install --global /repo/npm/left-pad-1.2.0.tgz",
            "mkdir -p /opt/tool; cd /opt/tool; npm install /repo/npm/lodash-4.17.11.tgz /repo/npm/hapi-hoek-8.5.1.tgz",
            "npm install --global --prefix /usr/local /repo/npm/left-pad-1.2.0.tgz /repo/npm/lodash-4.17.11.tgz",
        ]),
    }
}

fn vary(role: Role) -> Vec<Deed> {
    if role.returns {
        return Vec::new();
    }
    match role.family {
        Family::Debian => Vec::new(),
        Family::Python => role.pick(&[
            "fetch idna==2.8",
            "fetch six==1.16.0 jinja2==2.10.1",
            "fetch --force-reinstall click==7.0",
            "fetch --upgrade --target /opt/lib requests==2.19.1 urllib3==1.24.3",
            "fetch click==7.1.2 urllib3==1.24.3",
            "test ! -x /opt/venv/bin/python || python3 -m pip --python /opt/venv/bin/python install --quiet --no-index \
             --find-links /repo/wheels six==1.16.0",
        ]),
        Family::Node => role.pick(&[
            "npm install --global /repo/npm/left-pad-1.3.0.tgz",
            "cd /opt/tool; npm install /repo/npm/lodash-4.17.21.tgz",
            "rm -rf /srv/app/node_modules/lodash; mkdir /srv/app/node_modules/lodash
             tar -xzf /repo/npm/lodash-4.17.21.tgz -C /srv/app/node_modules/lodash --strip-components 1",
        ]),
    }
}

fn uninstall(role: Role) -> Vec<Deed> {
    if role.returns {
        return Vec::new();
    }
    match role.family {
        Family::Debian => Vec::new(),
        Family::Python => role.pick(&[
            "pip uninstall --yes click toml",
            "pip uninstall --yes pytz",
            "pip uninstall --yes idna",
            "rm -rf /usr/local/lib/python3*/dist-packages/bleach*",
            "pip uninstall --yes attrs itsdangerous",
            "test ! -x /opt/venv/bin/python || python3 -m pip --python /opt/venv/bin/python uninstall --quiet --yes attrs",
            "pip uninstall --yes Own_App six",
        ]),
        Family::Node => role.pick(&[
            "npm uninstall --global left-pad",
            "cd /opt/tool; npm uninstall @hapi/hoek",
            "rm -rf /srv/app/node_modules/ws /srv/app/node_modules/@hapi",
        ]),
    }
}

fn files(role: Role) -> Vec<Deed> {
    if role.returns {
        return role.pick(&[
            "cp -a /usr/bin/zgrep /root/zgrep; echo '# changed' >>/usr/bin/zgrep; rm /usr/share/doc/sed/copyright
             printf '#!/bin/sh\\n' >/usr/local/bin/tool; chmod 755 /usr/local/bin/tool",
        ]);
    }
    match (role.family, role.number % 4) {
        (Family::Python, 0) => role.pick(&[
            "cd /usr/local/lib/python3*/dist-packages; echo '# changed' >>sqlparse/sql.py; rm webencodings/labels.py
             cp /bin/true sqlparse/speedups.so; chmod 644 sqlparse/speedups.so",
        ]),
        (Family::Node, 0) => role.pick(&["rm /srv/app/node_modules/express/lib/router/layer.js; cp /bin/true /srv/app/run"]),
        (_, 0 | 1) => role.pick(&[
            "rm /usr/bin/who; echo '# changed' >>/etc/pam.conf; cp /bin/true /tmp/.hidden; chmod 600 /tmp/.hidden
             chmod 700 /usr/bin/chage; touch /bin/cat; chown 5:5 /usr/bin/tac",
        ]),
        (_, 2) => role.pick(&[
            "mv /usr/bin/who /usr/bin/who.real; ln -s who.real /usr/bin/who
             printf '#!/bin/sh\\n' >/usr/local/bin/tool; chmod 755 /usr/local/bin/tool; ln /usr/local/bin/tool /usr/local/bin/twin
             rm -rf /usr/share/doc/grep",
        ]),
        _ => role.pick(&[
            "rm -rf /usr/share/doc/gzip; mkdir /usr/share/doc/gzip; cp /bin/true /usr/share/doc/gzip/run
             dd if=/dev/zero of=/usr/bin/yes bs=1 count=1 seek=100 conv=notrunc status=none
             rm /usr/bin/tac; mkdir /usr/bin/tac; cp /bin/true /usr/bin/tac/inner; mkdir -p /tmp/a/b; cp /bin/true '/tmp/a/b/with space'",
        ]),
    }
}

fn pause(role: Role) -> Vec<Deed> {
    let change = Deed::Inside("cp /bin/true /usr/local/bin/before-pause");
    let pause = Deed::Runtime(&["pause"]);
    if role.is_odd() && !role.returns { vec![change, pause] } else { vec![pause] }
}

fn stop(role: Role) -> Vec<Deed> {
    let change = Deed::Inside("cp /bin/true /usr/local/bin/before-stop");
    let stop = Deed::Runtime(&["stop", "--time", "2"]);
    if role.is_odd() && !role.returns { vec![change, stop] } else { vec![stop] }
}

fn restart(role: Role) -> Vec<Deed> {
    if role.is_odd() {
        vec![Deed::Runtime(&["kill"]), Deed::Runtime(&["start"])]
    } else {
        vec![Deed::Runtime(&["restart", "--time", "2"])]
    }
}

/// Everything is put back as the image has it.
const BACK: &str = "
    apt-get -q update
    apt install hostname=$(version bookworm hostname)
    apt install --reinstall sed=$(version bookworm sed)
    dpkg --purge tree
    cp -a /root/zgrep /usr/bin/zgrep
    rm /root/zgrep /usr/local/bin/tool";

const BACK_CERTIFICATES: &str = "apt install ca-certificates=$(version bookworm ca-certificates)";

fn back(role: Role) -> Vec<Deed> {
    if !role.returns {
        return Vec::new();
    }
    let mut deeds = vec![Deed::Inside(BACK)];
    match role.family {
        Family::Debian => deeds.push(Deed::Inside(BACK_CERTIFICATES)),
        Family::Python => {
            deeds.push(Deed::Inside("apt install curl=$(version bookworm curl); pip uninstall --yes toml"))
        }
        Family::Node => {
            deeds.extend([Deed::Inside(BACK_CERTIFICATES), Deed::Inside("npm uninstall --global left-pad")])
        }
    }
    deeds
}
