#!/bin/sh
# Brings Debian 12 or 13 to where InSitu builds:   cmake/setup.sh PURPOSE…
# PURPOSE is run, test, check, train, gate, load or bench: which groups of debian-packages.txt to
# install. For bench also the npm packages of tests/bench/rivals, which nothing else needs.
#
# Only those Debian packages are installed on the machine. All else (Emscripten, sources, npm
# packages) goes into build/ and node_modules/, and /etc/apt stays as it is.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
state=$root/build/setup        # logs, stamps and the private apt
private=$state/apt
toolchain=$root/build/toolchain
sources=$root/build/sources

# --- How a step is announced, and left out when nothing it reads has changed ------------------

# step NUMBER LABEL FUNCTION
step() {
  printf '[set-up %s/%s] %s … ' "$1" "$steps" "$2"
  started=$(date +%s)
  log=$state/$3.log
  "$3" >"$log" 2>&1 </dev/null
  log=
  echo "$(($(date +%s) - started)) s"
}

# step_if_changed NUMBER LABEL FUNCTION FILE…: only when the files or the folder are not those of
# the last time.
step_if_changed() {
  stamp=$state/$3.done
  key=$(shift 3; (echo "$root"; cat "$@") | sha256sum)
  [ "$(cat "$stamp" 2>/dev/null)" != "$key" ] || return 0
  rm -f "$stamp"
  step "$1" "$2" "$3"
  echo "$key" >"$stamp"
}

log=
exec 3>&1
explain_failure() {
  status=$?
  if [ $status -ne 0 ] && [ -n "$log" ]; then
    { echo failed; tail -n 30 "$log"; echo "The whole log: $log"; } >&3
  fi
}
trap explain_failure EXIT

# --- 1. Debian packages ------------------------------------------------------------------------

missing_packages() {
  for purpose in $purposes; do
    sed -n "s/^$purpose  *\([^ #]*\).*/\1/p" cmake/debian-packages.txt
  done | while read -r package; do
    is_installed "$package" || echo "$package"
  done
  has_node || echo nodejs
  command -v npm >/dev/null || echo npm
}

is_installed() {
  dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed
}

has_node() {
  command -v node >/dev/null && [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 18 ]
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "Needs root. As root:  $*"
    return 1
  fi
}

install_debian_packages() {
  as_root apt-get update -q
  # shellcheck disable=SC2086  # one word a package
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
    -o DPkg::Lock::Timeout=600 $missing
}

# --- 2. npm packages ---------------------------------------------------------------------------

npm_packages() {
  npm ci --ignore-scripts --no-audit --no-fund
  "$(node_folder)/node" --version
}

# One known node from npm, whatever Debian's is: it strips types and has relaxed SIMD.
node_folder() {
  dirname "$root"/node_modules/node-linux-*/bin/node
}

# --- A private apt that reads trixie and sid ---------------------------------------------------

# The mirror this machine already uses, as apt itself understands its configuration.
debian_mirror() {
  # shellcheck disable=SC2016  # apt fills this in
  apt-get indextargets --format '$(REPO_URI)' \
    'Created-By: Packages' 'Origin: Debian' 'Label: Debian' 'Component: main' | head -n 1
}

prepare_private_apt() {
  [ -e "$private/ready" ] && return
  mirror=$(debian_mirror)
  if [ -z "$mirror" ]; then
    as_root apt-get update -q
    mirror=$(debian_mirror)
  fi
  [ -n "$mirror" ] || { echo 'No mirror of Debian in the configuration of apt.'; return 1; }
  mkdir -p "$private/lists/partial" "$private/cache/archives/partial"
  signed='signed-by=/usr/share/keyrings/debian-archive-keyring.gpg'
  # A mirror's copy of sid may be older than the week for which sid is signed.
  cat >"$private/sources.list" <<EOF
deb [$signed] $mirror trixie main
deb-src [$signed] $mirror trixie main
deb-src [$signed check-valid-until=no] $mirror sid main
EOF
  cat >"$private/apt.conf" <<EOF
Dir::Etc::sourcelist "$private/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::State::lists "$private/lists";
Dir::State::status "/dev/null";
Dir::Cache "$private/cache";
Acquire::Languages "none";
APT::Sandbox::User "root";
APT::Update::Post-Invoke "true";
EOF
  private_apt update -q
  : >"$private/ready"
}

private_apt() { APT_CONFIG=$private/apt.conf apt-get "$@"; }

# --- 3. Emscripten -----------------------------------------------------------------------------

emscripten() {
  rm -rf "$toolchain"
  mkdir -p "$toolchain"
  if own_emscripten_is_new_enough; then
    emscripten_root=$(em-config EMSCRIPTEN_ROOT)
    settings=
  else
    unpack_emscripten
    emscripten_root=$toolchain/em/usr/share/emscripten
    # Debian's python3 itself: a wrapper of it on PATH may take longer than the compiler.
    settings="export EM_CONFIG='$toolchain/emscripten.config' EMSDK_PYTHON=/usr/bin/python3"
  fi
  cat >"$toolchain/env.sh" <<EOF
export EMSCRIPTEN='$emscripten_root'
export PATH='$(node_folder):$root/node_modules/.bin:$emscripten_root':"\$PATH"
$settings
EOF
  echo '{ "type": "commonjs" }' >"$toolchain/package.json"  # the repo's says "module"
  # Linking with -O2 uses every part: clang, lld, Binaryen and node.
  # shellcheck source=/dev/null
  . "$toolchain/env.sh"
  echo 'int main() {}' | em++ -O2 -x c++ - -o "$toolchain/try.mjs"
  rm "$toolchain"/try.*
}

own_emscripten_is_new_enough() {
  command -v em++ >/dev/null && command -v em-config >/dev/null || return 1
  version=$(em++ --version | sed -n '1s/.* \([0-9]*\.[0-9]*\.[0-9]*\).*/\1/p')
  [ "$(printf '3.1.60\n%s\n' "$version" | sort -V | head -n 1)" = 3.1.60 ]
}

# Debian 13's own packages, unpacked but not installed: 12 has no Emscripten that is new enough,
# and the same compiler on both gives the same wasm.
unpack_emscripten() {
  prepare_private_apt
  mkdir -p "$toolchain/debs" "$toolchain/em" "$toolchain/binaryen/bin" "$toolchain/libc"
  (cd "$toolchain/debs" &&
    private_apt download -q emscripten binaryen libc6 libstdc++6 libgcc-s1)
  # A third of the package is what building wasm32 with static libraries needs.
  dpkg-deb --fsys-tarfile "$toolchain"/debs/emscripten_*.deb | tar -x -C "$toolchain/em" \
    --exclude='*/lib/wasm64-emscripten' --exclude='*/lib/wasm32-emscripten/pic' \
    --exclude='*/lib/wasm32-emscripten/lto' --exclude='*/lib/wasm32-emscripten/thinlto' \
    --exclude='./usr/share/emscripten/test' --exclude='./usr/share/emscripten/docs' \
    --exclude='./usr/share/man' --exclude='./usr/share/doc' --exclude='*-ww*.a'
  for package in binaryen libc6 libstdc++6 libgcc-s1; do
    dpkg-deb -x "$toolchain"/debs/${package}_*.deb "$toolchain/libc"
  done
  rm -r "$toolchain/debs"
  wrap_binaryen
  sed -e "s#^BINARYEN_ROOT = .*#BINARYEN_ROOT = '$toolchain/binaryen'#" \
    -e "s#^NODE_JS = .*#NODE_JS = '$(node_folder)/node'#" \
    "$toolchain/em/usr/share/emscripten/.emscripten" >"$toolchain/emscripten.config"
}

# Binaryen is native code for a newer libc than Debian 12's, so each of its programs is started
# by the loader it was built for.
wrap_binaryen() {
  loader=$(find "$toolchain/libc" -name 'ld-linux-*.so.*' -type f | head -n 1)
  libraries=$(dirname "$loader")
  for program in "$toolchain"/libc/usr/bin/wasm*; do
    wrapper=$toolchain/binaryen/bin/${program##*/}
    printf '#!/bin/sh\nexec "%s" --library-path "%s" "%s" "$@"\n' \
      "$loader" "$libraries" "$program" >"$wrapper"
    chmod +x "$wrapper"
  done
}

# --- 4. Sources that are compiled with ours ----------------------------------------------------

third_party_sources() {
  prepare_private_apt
  rm -rf "$sources"
  mkdir -p "$sources/downloads"
  source_tarball xnnpack trixie
  source_tarball pthreadpool trixie  # its header: XNNPACK's own names it
  source_tarball argon2 trixie
  source_tarball catch2 trixie
  patched_source libjpeg-turbo trixie  # these five: codecs.wasm
  patched_source openjpeg2 trixie
  source_tarball charls trixie
  source_tarball libpng1.6 trixie
  source_tarball zlib trixie
  source_tarball cpp-httplib sid  # older ones can be made to smuggle requests
  for package in libstb-dev libprotozero-dev nlohmann-json3-dev libonnx-testdata; do
    binary_package $package
  done
  ls "$sources/downloads" >"$sources/versions.txt"
  rm -r "$sources/downloads"
}

# source_tarball NAME SUITE: upstream's files, in build/sources/NAME
source_tarball() {
  name=$1
  suite=$2
  (cd "$sources/downloads" && private_apt source -q --download-only --tar-only "$name/$suite")
  unpacked=$sources/downloads/unpacked
  mkdir "$unpacked"
  tar -x -f "$sources/downloads/$name"_*.orig.tar.* -C "$unpacked"
  set -- "$unpacked"/*
  if [ $# = 1 ]; then  # most have one folder at the top
    mv "$1" "$sources/$name"
    rmdir "$unpacked"
  else
    mv "$unpacked" "$sources/$name"
  fi
}

# patched_source NAME SUITE: the same with Debian's patches, which security fixes come as
patched_source() {
  source_tarball "$1" "$2"
  (cd "$sources/downloads" && private_apt source -q --download-only --diff-only "$name/$suite")
  tar -x -f "$sources/downloads/$name"_*.debian.tar.* -C "$sources/$name"
  patches=$sources/$name/debian/patches
  [ -e "$patches/series" ] || return 0
  sed 's/[[:space:]]*#.*//' "$patches/series" | while read -r patch; do
    [ -z "$patch" ] || patch -s -p1 -d "$sources/$name" -i "$patches/$patch"
  done
}

# binary_package NAME: its files as they would be installed, in build/sources/NAME
binary_package() {
  (cd "$sources/downloads" && private_apt download -q "$1")
  dpkg-deb -x "$sources/downloads/$1"_*.deb "$sources/$1"
}

# --- 5. The engines that ours is compared with ------------------------------------------------

rivals() {
  rm -rf "$root/build/rivals"
  mkdir -p "$root/build/rivals"
  cp tests/bench/rivals/package.json tests/bench/rivals/package-lock.json "$root/build/rivals/"
  npm ci --prefix "$root/build/rivals" --ignore-scripts --no-audit --no-fund
}

# -----------------------------------------------------------------------------------------------

purposes=${*:-run}
steps=4
case " $purposes " in *' bench '*) steps=5 ;; esac
mkdir -p "$state"
missing=$(missing_packages)
[ -z "$missing" ] || step 1 'Debian packages' install_debian_packages
step_if_changed 2 'npm packages' npm_packages package-lock.json
step_if_changed 3 'Emscripten' emscripten cmake/setup.sh
step_if_changed 4 'Sources of third parties' third_party_sources cmake/setup.sh
[ $steps = 4 ] || step_if_changed 5 'Engines to compare with' rivals tests/bench/rivals/package-lock.json
rm -rf "$private"
