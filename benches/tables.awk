# The tables of benches/README.md, from the figures of benches/run: a name and a value a line.

{ of[$1] = $2 }

END {
    count = split(sizes, size, " ")
    ratio_of = of["start"]

    printf "A process that only starts: %.2f ms. Seed %s.\n\n", ratio_of, seed
    print "| | ratio | ms | most memory |\n|---|---|---|---|"
    process("embedded catalog, warm", "embedded warm")
    process("the same as JSON, with all that was tried", "embedded warm json")
    process("embedded catalog, the first run from nothing", "embedded first")
    process("a batch of " grouped(of["batch few requests"]) " requests in one process, 8 of them different", "batch few")
    process("`cache list`, 1,000 models", "cache list")
    process("`cache stats`, 1,000 models", "cache stats")
    process("a batch of the embedded catalog's " grouped(of["batch all requests"]) " requests, each with all that was tried", "batch all")
    if ("batch 200" in of)
        process("the same of 200 recipes, " grouped(of["batch 200 requests"]) " requests", "batch 200")
    process("`cache list` of 1,000 models", "cache list")
    process("`cache stats` of them", "cache stats")

    heading("folder of recipes")
    row("warm, `--trust-store`", "trusted", "start", 1)
    row("warm, each file looked at", "looked", "start", 1)
    row("one file changed", "changed", "start", 1)
    row("the first run from nothing", "first", "start", 1)
    row("`sqlite3 STORE 'one indexed query'`, beside it", "sqlite3", "start", 1)
    row("warm, `--trust-store`, to that of `sqlite3`", "trusted", "sqlite3", 0)
    row("the first run from nothing, to reading and parsing", "first", "parse", 0)
    row("most memory warm, MiB", "trusted MiB", "", 0)
    row("most memory of the first run, MiB", "first MiB", "", 0)

    heading("folder of recipes, seconds")
    row("reading and parsing", "parse", "second", 0)
    row("`lint` from nothing", "lint first", "second", 0)
    row("`lint`, nothing changed", "lint same", "second", 0)
    row("`lint`, one file changed", "lint changed", "second", 0)
    row("`lint` from nothing, to reading and parsing", "lint first", "parse", 0)

    print "\n| | decisions a second | most memory |\n|---|---|---|"
    decisions("only what is chosen, and whether that is exact", "selection")
    decisions("the choice", "choice")
    decisions("with all that was tried", "search")
    if ("batch 200" in of && of["batch 200"] > 0)
        printf "| `generate --batch` over 200 recipes, from start to end | %s | %s |\n", \
            grouped(int(of["batch 200 requests"] / of["batch 200"] * 1000)), mib("batch 200 MiB")
}

function process(what, name) {
    printf "| %s | %s | %s | %s |\n", what, figure(of[name] / ratio_of), figure(of[name]), mib(name " MiB")
}

function mib(name) {
    return name in of ? of[name] " MiB" : ""
}

function heading(what,    at, columns, lines) {
    for (at = 1; at <= count; at++) {
        columns = columns " " grouped(size[at]) " |"
        lines = lines "---|"
    }
    printf "\n| %s |%s\n|---|%s\n", what, columns, lines
}

# Each size's figure: as it is, in seconds, or as a ratio to that of `start` or to another of the same size.
function row(what, name, to, is_common,    at, line, value, key) {
    for (at = 1; at <= count; at++) {
        key = size[at] " " name
        if (!(key in of)) return
        value = of[key]
        if (to == "second") value = value / 1000
        else if (is_common) value = value / of[to]
        else if (to == "") {
            line = line " " value " |"
            continue
        } else {
            if (!(size[at] " " to in of)) return
            value = value / of[size[at] " " to]
        }
        line = line " " figure(value) " |"
    }
    printf "| %s |%s\n", what, line
}

function decisions(what, name) {
    printf "| %s | %s | %s |\n", what, grouped(of[name " a second"]), mib(name " a second MiB")
}

# Two digits that count, or three.
function figure(value) {
    if (value < 0.1) return sprintf("%.3f", value)
    if (value < 1) return sprintf("%.2f", value)
    if (value < 20) return sprintf("%.1f", value)
    return grouped(sprintf("%.0f", value))
}

function grouped(number,    text) {
    text = number ""
    while (match(text, /^[0-9][0-9][0-9][0-9]+/))
        text = substr(text, 1, RLENGTH - 3) "," substr(text, RLENGTH - 2)
    return text
}
