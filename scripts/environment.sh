# shellcheck shell=bash
# Makes .venv at the top of the repository and installs the project into it. Sourced by `serve` and `test`.

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
venv=$root/.venv
extras=bundled-model,formats,mcp

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

die() {
    say "$@"
    exit 1
}

# Prints the first interpreter that is Python 3.11 or newer; a name on the path may be a shim that does not run.
find_python() {
    local name
    for name in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11 python; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            printf '%s\n' "$name"
            return
        fi
    done
    die "needs Python 3.11 or newer, and none was found; install it, or name one with PYTHON=/path/to/python3"
}

# Everything that decides what is installed: any change of it installs again.
wanted_stamp() {
    printf '%s\n' "$root" "$1" "$(<"$root/pyproject.toml")" "$(<"$root/scripts/constraints.txt")"
}

is_installed() {
    local kind=$1 extras=$2
    [[ -x $venv/bin/python && -f $venv/.installed-$kind ]] &&
        [[ $(<"$venv/.installed-$kind") == "$(wanted_stamp "$extras")" ]]
}

make_venv() {
    local python
    python=$(find_python) || exit 1
    "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 ||
        die "$python has no venv module; on Debian and Ubuntu install the package python3-venv"
    say "making .venv with $("$python" --version)"
    "$python" -m venv --clear "$venv" || die "cannot make $venv"
}

# install KIND EXTRAS: leaves .venv with the project and its extras, as pinned, and the default model built.
install() {
    local kind=$1 extras=$2
    if command -v flock >/dev/null; then
        # Two first starts at once would break each other's installation.
        exec 9<"$root/pyproject.toml"
        flock 9
    fi
    if ! is_installed "$kind" "$extras"; then
        install_packages "$extras"
        if [[ ${QA_MODEL:-default} == default ]]; then
            "$venv/bin/qa-service" model build
        fi
        wanted_stamp "$extras" >"$venv/.installed-$kind"
    fi
    exec 9<&-
}

install_packages() {
    # An interrupted installation may have left half a package that pip takes for whole; its downloads are cached.
    if [[ -e $venv/.installing ]] || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
        make_venv
    fi
    : >"$venv/.installing"
    say "installing packages; this takes some minutes the first time"
    (
        cd -- "$root"
        export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_USER=0
        "$venv/bin/python" -m pip install -qq --no-input --progress-bar off --log "$venv/install.log" \
            -c scripts/constraints.txt -e ".[$1]"
    ) || die "the installation failed; $venv/install.log has the details; the same command tries again"
    rm -f -- "$venv/.installing"
}

# The tests' installation has all that serving needs.
prepare_serve() {
    is_installed serve "$extras" || is_installed test "$extras,test" || install serve "$extras"
}

prepare_test() {
    is_installed test "$extras,test" || install test "$extras,test"
}
