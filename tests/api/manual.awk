# SPDX-License-Identifier: LGPL-2.1-or-later
# What Doxygen is to read of a header: our comments are for people, who know what a
# comment belongs to; Doxygen has to be told. To every function its example is added,
# where examples/manual.c has one.
# usage: awk -f manual.awk -v examples="NAME NAME…" HEADER
BEGIN { n = split(examples, list, " "); for (i = 1; i <= n; i++) has[list[i]] = 1; state = "code" }

# Opening lines of the file are of the file; rules between parts are of nothing.
FNR == 1 && /SPDX/ { print ""; next }
/^\/\* -+ [a-z ]+ \*\/$/ { print ""; next }

function opened(line) { return line ~ /\/\*/ && line !~ /\*\// }

# The comment is held back until it is known what follows it.
state == "code" && /^[ \t]*\/\*/ {
	held = $0
	sub(/\/\*/, first++ ? "/**" : "/** @file\n", held)
	state = opened($0) ? "comment" : "after"
	next
}
state == "comment" {
	held = held "\n" $0
	if (/\*\//)
		state = "after"
	next
}
# A function, or one more under the same comment: with its example.
/^BALLOON_API/ && match($0, /balloon_[a-z_0-9]+\(/) {
	name = substr($0, RSTART, RLENGTH - 1)
	comment = held
	if (name in has)
		sub(/\*\/$/, "\n@par Example\n@snippet{trimleft} manual.c " name "\n*/", comment)
	print comment
	state = "code"
}
state == "after" {
	print held
	state = "code"
}
state == "code" && /[;,{][ \t]*\/\*/ {
	sub(/\/\*/, "/**<")
	if (opened($0))
		state = "behind"
}
state == "behind" && /\*\// { state = "code" }
{ print }
