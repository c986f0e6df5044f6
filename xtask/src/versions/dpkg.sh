# Debian's own comparison. A version that does not start with a digit is read, as dpkg reads it, with a warning.
if [ "$1" = version ]; then
  dpkg --version | sed -n '1s/.*version \([^ ]*\).*/dpkg \1/p'
  exit
fi
compare() {
  faults=$(dpkg --compare-versions "$1" "$3" "$2" 2>&1)
  answer=$?
  case $(printf '%s\n' "$faults" | grep -v 'does not start with digit') in
    *'bad syntax'*) answer=2 ;;
  esac
  return $answer
}
tab=$(printf '\t')
while IFS=$tab read -r a b; do
  compare "$a" "$b" lt
  case $? in
    0) echo '<' ;;
    2) echo '?' ;;
    *) if dpkg --compare-versions "$a" eq "$b" 2>/dev/null; then echo '='; else echo '>'; fi ;;
  esac
done
