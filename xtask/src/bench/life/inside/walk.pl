# Walks over everything that the container's own file system shows. $ARGV[0]: seconds since 1970; $ARGV[1]: `all` to list every file
# once. Prints where Python packages say who they are, and the programs that changed since: files that may be run, or begin like one.
use File::Find;

my ($since, $all) = @ARGV;
my ($device) = lstat '/';
my (@metadata, @programs, @files);
find({ no_chdir => 1, preprocess => sub { (lstat $File::Find::dir)[0] == $device ? @_ : () }, wanted => sub {
    my @known = lstat $_ or return;
    return if -d _ or $known[0] != $device;
    push @files, $_ if $all;
    push @metadata, $_ if m{\.(dist-info/METADATA|egg-info/PKG-INFO|egg-info)$};
    return if $known[10] < $since or not -f _ or -z _;
    my $head = '';
    if (open my $file, '<:raw', $_) { read $file, $head, 4; close $file }
    push @programs, $_ if $known[2] & 0111 or $head eq "\x7fELF" or $head =~ /^#!/;
} }, '/');
print "== metadata\n", map("$_\n", @metadata), "== programs\n", map("$_\n", @programs);
print "== files\n", map("$_\n", @files) if $all;
