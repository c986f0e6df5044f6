# $1: the daemon's folder; the rest: its command. Its containers and files go with it.
folder=$1
shift
unshare --net sh -c 'ip link set lo up; exec "$@"' sh "$@" >>"$folder/log" 2>&1 &
daemon=$!
cat >/dev/null
docker="docker --config $folder/c --host unix://$folder/s"
$docker ps --all --quiet | xargs -r $docker rm --force >>"$folder/log" 2>&1
kill -TERM "$daemon" 2>/dev/null
(sleep 30; kill -KILL "$daemon") 2>/dev/null &
patience=$!
wait "$daemon"
kill "$patience" 2>/dev/null
# podman's watchers of commands that have ended stay for minutes
for watcher in $(pgrep -f "^[^ ]*conmon .*$folder/"); do
    kill -KILL "$watcher" 2>/dev/null
done
# one place may be mounted several times over
for round in 1 2 3 4 5; do
    sed -n "s|^[^ ]* \($folder/[^ ]*\) .*|\1|p" /proc/self/mounts | sort -r | while read -r point; do
        umount -l "$point"
    done
done
rm -rf "$folder"
