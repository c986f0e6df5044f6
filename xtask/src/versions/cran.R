# R's package_version.
if (identical(commandArgs(trailingOnly = TRUE), "version")) {
  cat(R.version.string, "\n")
  quit()
}
read <- function(text) tryCatch(package_version(text), error = function(refused) NULL, warning = function(refused) NULL)
lines <- strsplit(readLines(file("stdin")), "\t", fixed = TRUE)
for (pair in lines) {
  a <- read(pair[1])
  b <- read(pair[2])
  cat(if (is.null(a) || is.null(b)) "?" else if (a < b) "<" else if (a > b) ">" else "=", "\n", sep = "")
}
