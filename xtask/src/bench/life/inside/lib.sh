# What the steps of the life bench use; read by each of them, in the container, as root.
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 HOME=/root
export PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_BREAK_SYSTEM_PACKAGES=1 PIP_NO_DEPS=1
export npm_config_offline=true npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false

# The Debian package $2 of the suite $1, as a file and by its version.
deb() { ls /repo/debs/"$1"/"$2"_*.deb | head -n 1; }
version() { dpkg-deb --field "$(deb "$1" "$2")" Version; }

apt() { apt-get -q -y -o Dpkg::Use-Pty=0 --no-install-recommends --allow-downgrades --allow-remove-essential "$@"; }
pip() { python3 -m pip --quiet "$@"; }
fetch() { pip install --no-index --find-links /repo/wheels "$@"; }
npm() { node /repo/npm-cli/bin/npm-cli.js --loglevel=error "$@"; }

# The container's only source of packages.
sources() {
    echo 'deb [trusted=yes] file:/repo/debs ./' >/etc/apt/sources.list.d/bench.list
    apt-get -q update
}
