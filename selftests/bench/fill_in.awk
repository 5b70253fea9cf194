# SPDX-License-Identifier: GPL-2.0-only
#
# A document, with what is between each line ".. results: NAME" and the next ".. end"
# replaced by the file NAME in a directory, if it is there.
#
# usage: awk -v scratch=DIRECTORY -f fill_in.awk DOCUMENT

function fail(what) {
	print FILENAME ":" NR ": " what > "/dev/stderr"
	failed = 1
	exit 1
}

/^\.\. results: / {
	if (block)
		fail("there is no .. end to " block)
	block = $3
	print
	for (new = 0; (getline line < (scratch "/" block)) > 0; new++)
		print (new ? "" : "\n") line
	if (new)
		print ""
	next
}

/^\.\. end$/ {
	if (!block)
		fail("there is nothing to end")
	block = ""
	new = 0
}

!new

END {
	if (block && !failed)
		fail("there is no .. end to " block)
}
