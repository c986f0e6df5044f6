# Gem::Version of RubyGems.
if ARGV == ["version"]
  puts "RubyGems #{Gem::VERSION} (Ruby #{RUBY_VERSION})"
  exit
end
STDIN.each_line(chomp: true) do |line|
  a, b = line.split("\t", -1).map { |text| Gem::Version.correct?(text) ? Gem::Version.new(text) : nil }
  puts a && b ? %w[< = >][(a <=> b) + 1] : "?"
end
