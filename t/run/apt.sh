# Sourced: packages from elsewhere than the machine's own suite, by way of the
# machine's own mirrors. Everything apt writes goes to a temporary folder.

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# The archives this machine installs Debian from, as "URI suite", one a line,
# whichever format its sources are written in.
apt_sources() {
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
        'Created-By: Packages' | awk '$3 == "main" {print $1, $2}' | sort -u
}

# The mirror of the running suite: the first archive that is not one of its
# additions (updates, security, backports).
apt_mirror() {
    apt_sources | awk '$2 !~ /-/ {print $1; exit}'
}

# apt_private DIR LINE...: an apt that knows only the given lines of
# sources.list; the caller then runs "apt-get $private ..." .
apt_private() {
    dir=$1
    shift
    mkdir -p "$dir/lists/partial" "$dir/archives/partial"
    chmod -R go+rX "$dir"
    printf '%s\n' "$@" > "$dir/sources.list"
    : > "$dir/preferences"
    private="-qq
        -o Acquire::Retries=3
        -o Dir::Etc::SourceList=$dir/sources.list
        -o Dir::Etc::SourceParts=/dev/null
        -o Dir::Etc::Preferences=$dir/preferences
        -o Dir::Etc::PreferencesParts=/dev/null
        -o Dir::State::Lists=$dir/lists
        -o Dir::Cache::archives=$dir/archives
        -o Dir::Cache::pkgcache=
        -o Dir::Cache::srcpkgcache="
    if apt-get $private update > "$dir/log" 2>&1; then
        return 0
    fi

    # A mirror that lags: still signed, only not proven to be the latest.
    if grep -q 'is expired' "$dir/log"; then
        echo "note: $* is past its validity date on this mirror;" \
            "its signature is checked, its age is not" >&2
        private="$private -o Acquire::Check-Valid-Until=false"
        if apt-get $private update > "$dir/log" 2>&1; then
            return 0
        fi
    fi

    cat "$dir/log" >&2
    return 1
}

# apt_line TYPE MIRROR SUITE: a line of sources.list, checked by Debian's keys.
apt_line() {
    if [ -f "$keyring" ]; then
        echo "$1 [signed-by=$keyring] $2 $3 main"
    else
        echo "$1 $2 $3 main"
    fi
}
