# What the job scripts share. A script's own part: its directives, and
#
#     cd "${LS_SUBCWD:-$PWD}"           LSF runs a copy of the script, from elsewhere
#     source lsf/common.sh train EPOCHS LR ...
#     exec "$python" -u -m examples.train --out "$out" --seed "$seed" ${options[@]+"${options[@]}"}
#
# Its arguments are the script's name, and the variables that become options where they are set:
# EPOCHS=5 is --epochs 5, DATA_DIR=... is --data-dir ..., SYNTHETIC=1 is --synthetic, RATES and
# TAKE are lists: RATES="0.01 0.1" is --rates 0.01 0.1. What is not set has the program's own
# default. It sets
#
#     python    the interpreter              PYTHON, else .venv's
#     out       the run folder, made         $RUNS/$RUN, in an array -<index> after it
#     index     of the array's element; 0 outside arrays
#     seed      SEED, else 0; in an array one more an element
#     threads   the job's slots
#     options   as above
#
# and the number of threads, the cache of compiled kernels, and a log in the run folder. The
# last line is to be an exec: the signals of the run limit come to the whole process group, and a
# bash that stayed would die of them and hide Python's exit status.
# (${options[@]+...}: bash before 4.4 calls an empty array unset.)

set -euo pipefail

name=$1
say() { echo "$name.lsf: $*" >&2; }

python=${PYTHON:-$PWD/.venv/bin/python}
if [[ ! -x $python ]]; then
    say "there is no $python; make the environment (lsf/README.md, step 1), or name another with PYTHON=..."
    exit 2
fi

# One run folder and one seed per array element; a run that finds its own checkpoint goes on.
runs=${RUNS:-runs}
out=$runs/${RUN:-$name}
seed=${SEED:-0}
index=${LSB_JOBINDEX:-0}
if ((index > 0)); then
    out+=-$index
    seed=$((seed + index - 1))
fi
mkdir -p "$out"

# Threads: this job's slots on this host, but no more than the CPUs it may use. The engine finds
# the same by itself; this is for whatever else has threads.
read -r _ slots _ <<<"${LSB_MCPU_HOSTS:-here 1}" # "host slots host slots ..."
threads=${LSB_DJOB_NUMPROC:-$slots}
cpus=$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)
((threads <= cpus)) || threads=$cpus
export NUMBA_NUM_THREADS=$threads OMP_NUM_THREADS=$threads OPENBLAS_NUM_THREADS=$threads

# Compiled kernels: on this node's own disk, since Numba's cache races on a shared one. A new
# node starts from what the warm-up (README, step 3) has compiled, put in place in one step.
if [[ -n ${KERNELS:-} ]]; then
    export LUCIDGRAD_CACHE_DIR=$KERNELS
else
    export LUCIDGRAD_CACHE_DIR=${NODE_DISK:-/tmp}/lucidgrad-$(id -u)
    mkdir -m 700 "$LUCIDGRAD_CACHE_DIR" 2>/dev/null || true
    # compiled code is executed: never take it from a folder that somebody else made
    [[ -O $LUCIDGRAD_CACHE_DIR ]] || LUCIDGRAD_CACHE_DIR=$(mktemp -d)
    for compiled in "$runs"/kernels/kernels-*; do # one for each version of the code and kind of processor
        here=$LUCIDGRAD_CACHE_DIR/${compiled##*/}
        [[ -d $compiled && ! -e $here ]] || continue
        fresh=$(mktemp -d "$LUCIDGRAD_CACHE_DIR/XXXXXX")
        cp -Rp "$compiled/." "$fresh"
        mv -T "$fresh" "$here" 2>/dev/null || rm -rf "$fresh" # another job was faster
    done
fi

options=()
for variable in "${@:2}"; do
    [[ -n ${!variable:-} ]] || continue
    option=${variable,,}
    options+=("--${option//_/-}")
    case $variable in
        SYNTHETIC) ;;
        RATES | TAKE)
            read -ra values <<<"${!variable}"
            options+=("${values[@]}")
            ;;
        *) options+=("${!variable}") ;;
    esac
done

# LSF writes the -o file when the job ends, and a requeue loses the first one: the run keeps a
# log of its own, which every session adds to.
log=$(cd "$out" && pwd)/log.txt
say "job ${LSB_JOBID:-none}, element $index, on $(hostname), $threads threads; follow it with: tail -f $log"
exec >>"$log" 2>&1
