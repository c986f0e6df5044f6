// golang.org/x/mod/semver. Advisories write versions without the leading v that it asks for.
package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/mod/semver"
)

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	if len(os.Args) > 1 {
		query := exec.Command("dpkg-query", "-W", "-f", "${Version}", "golang-golang-x-mod-dev")
		version, _ := query.Output()
		fmt.Fprintf(out, "golang.org/x/mod %s (%s)\n", version, runtime.Version())
		return
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		pair := strings.Split(lines.Text(), "\t")
		for i, text := range pair {
			pair[i] = "v" + strings.TrimPrefix(text, "v")
		}
		if !semver.IsValid(pair[0]) || !semver.IsValid(pair[1]) {
			fmt.Fprintln(out, "?")
			continue
		}
		fmt.Fprintln(out, string("<=>"[semver.Compare(pair[0], pair[1])+1]))
	}
}
