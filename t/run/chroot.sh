# Sourced (after apt.sh): Debian roots to try things in. Mounts and processes
# live in namespaces of their own and end with the command.

# chroot_make SUITE DIR: a minimal system, as debootstrap makes it.
chroot_make() {
    if [ -d "$2" ]; then
        return 0
    fi
    command -v debootstrap > /dev/null || t/run/deps.sh --roots || return 1
    script=$1
    [ -e "/usr/share/debootstrap/scripts/$1" ] || script=sid
    rm -rf "$2.part"
    if ! debootstrap --variant=minbase --keyring="$keyring" "$1" "$2.part" \
        "$(apt_mirror)" "$script" > "$2.log" 2>&1; then
        tail -n 5 "$2.log" >&2
        return 1
    fi
    printf '127.0.0.1 localhost\n::1 localhost\n' > "$2.part/etc/hosts"
    # for npm, where what it fetches is signed by a CA of this network
    cp /etc/ssl/certs/ca-certificates.crt "$2.part/etc/machine-cas.pem" || :
    mv "$2.part" "$2"
}

# chroot_run DIR COMMAND...: runs it there as root; nothing outlives it. With
# chroot_net=none it has a loopback of its own, and no network but that.
chroot_run() {
    chroot_root=$1
    shift
    unshare --mount --pid --fork --kill-child ${chroot_net:+--net} sh -c '
        root=$1; shift
        { [ -z "${chroot_net:-}" ] || ip link set lo up; } &&
        mount --make-rprivate / &&
        mount -t proc proc "$root/proc" &&
        mount --rbind /dev "$root/dev" &&
        exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
            LANG=C.UTF-8 TERM=dumb \
            NODE_EXTRA_CA_CERTS=/etc/machine-cas.pem chroot "$root" "$@"
    ' sh "$chroot_root" "$@" < /dev/null
}

# chroot_put DIR: the committed state of this project as DIR/src.
chroot_put() {
    rm -rf "$1/src"
    mkdir -p "$1/src"
    git archive "${REV:-HEAD}" | tar -x -C "$1/src"
}
