# The comparison inside rpm, through its built-in Lua.
if [ "$1" = version ]; then
  rpm --version | sed 's/^RPM version/rpm/'
  exit
fi
exec rpm --eval "%{lua:
for line in io.lines('/dev/stdin') do
  local a, b = line:match('(.-)\t(.*)')
  local order = rpm.vercmp(a, b)
  print(order < 0 and '<\n' or order > 0 and '>\n' or '=\n')
end}"
