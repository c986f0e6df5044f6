<?php
// composer/semver: both sides normalised, then compared. Two different branches have no order: `!`.
require_once '/usr/share/php/Composer/Semver/autoload.php';

use Composer\Semver\Comparator;
use Composer\Semver\VersionParser;

if (($argv[1] ?? '') === 'version') {
    $package = trim((string) shell_exec("dpkg-query -W -f '\${Version}' php-composer-semver"));
    echo "composer/semver $package (PHP ", PHP_VERSION, ")\n";
    exit;
}
$parser = new VersionParser();
while (($line = fgets(STDIN)) !== false) {
    try {
        [$a, $b] = array_map([$parser, 'normalize'], explode("\t", rtrim($line, "\n")));
    } catch (UnexpectedValueException $refused) {
        echo "?\n";
        continue;
    }
    if (Comparator::lessThan($a, $b)) {
        echo "<\n";
    } elseif (Comparator::greaterThan($a, $b)) {
        echo ">\n";
    } else {
        echo Comparator::equalTo($a, $b) ? "=\n" : "!\n";
    }
}
