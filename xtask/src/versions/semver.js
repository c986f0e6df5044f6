// node's semver, in strict mode, or in loose mode with the word `loose`.
const semver = require('semver');
const [word] = process.argv.slice(2);
if (process.argv.includes('version')) {
  console.log(`semver ${require('semver/package.json').version}`);
} else {
  const read = text => semver.parse(text, { loose: word === 'loose' });
  const answers = require('fs').readFileSync(0, 'utf8').split('\n').slice(0, -1).map(line => {
    const [a, b] = line.split('\t').map(read);
    return a && b ? '<=>'[a.compare(b) + 1] : '?';
  });
  console.log(answers.join('\n'));
}
