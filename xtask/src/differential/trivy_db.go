// Writes a database in Trivy's form out of lines on standard input: bucket, package or nothing, key, value.
package main

import (
	"bufio"
	"os"
	"strings"

	bolt "go.etcd.io/bbolt"
)

func put(tx *bolt.Tx, fields []string) error {
	bucket, err := tx.CreateBucketIfNotExists([]byte(fields[0]))
	if err != nil {
		return err
	}
	if fields[1] != "" {
		if bucket, err = bucket.CreateBucketIfNotExists([]byte(fields[1])); err != nil {
			return err
		}
	}
	return bucket.Put([]byte(fields[2]), []byte(fields[3]))
}

func main() {
	db, err := bolt.Open(os.Args[1], 0o600, nil)
	if err != nil {
		panic(err)
	}
	defer db.Close()
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<24), 1<<24)
	err = db.Update(func(tx *bolt.Tx) error {
		for lines.Scan() {
			if err := put(tx, strings.SplitN(lines.Text(), "\t", 4)); err != nil {
				return err
			}
		}
		return lines.Err()
	})
	if err != nil {
		panic(err)
	}
}
