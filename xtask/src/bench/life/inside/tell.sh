# Says what the package managers of a container say of it. $1: since when programs count as changed, in seconds; then words: `npm` to ask
# npm as well, `verify` to have the packages' files verified, `files` to list all files.
export PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1 HOME=/root LC_ALL=C.UTF-8
export npm_config_update_notifier=false npm_config_logs_max=0 npm_config_cache=/tmp/.npm
cd /
since=$1
words=" $* "
wants() { case "$words" in *" $1 "*) ;; *) false ;; esac; }

wants files && all=all
perl /repo/inside/walk.pl "$since" $all

echo '== deb'
dpkg-query -W -f '${Package}\t${Architecture}\t${Version}\t${db:Status-Status}\n'

if python3 -c 'import pip' 2>/dev/null; then
    echo '== path system'
    python3 -c 'import sys; print(*sys.path[1:], sep="\n")'
    echo '== pip system'
    python3 -m pip list --format json 2>/dev/null
    if [ -x /opt/venv/bin/python ]; then
        echo '== path venv'
        /opt/venv/bin/python -c 'import sys; print(*sys.path[1:], sep="\n")'
        echo '== pip venv'
        python3 -m pip --python /opt/venv/bin/python list --format json 2>/dev/null
    fi
    if [ -d /opt/lib ]; then
        echo '== path target'
        echo /opt/lib
        echo '== pip target'
        python3 -m pip list --path /opt/lib --format json 2>/dev/null
    fi
fi

if wants npm && [ -x /usr/bin/node ]; then
    echo '== npm'
    npm() { node /repo/npm-cli/bin/npm-cli.js --loglevel=silent "$@"; }
    npm ls --global --all --parseable --long
    [ -d /usr/local/lib/node_modules ] && npm ls --global --prefix /usr/local --all --parseable --long
    for folder in /srv/app /opt/tool; do
        [ -d "$folder" ] && (cd "$folder" && npm ls --all --parseable --long)
    done
fi

if wants verify; then
    echo '== verify'
    # dpkg gives up at the first file that it cannot read
    dpkg --verify 2>/dev/null | sed 's/^[^ ]* *\(c \)\{0,1\}//'
    cat /var/lib/dpkg/info/*.md5sums | md5sum --check --quiet 2>/dev/null | sed -n 's/: FAILED.*//p'
    [ -x /usr/bin/python3 ] && python3 /repo/inside/record.py
fi
echo '== end'
