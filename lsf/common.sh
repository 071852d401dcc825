# What the job scripts share. A script's own part is its directives, and
#
#     cd "${LS_SUBCWD:-$PWD}"      LSF runs a copy of the script, from elsewhere
#     source lsf/common.sh train   with the script's name
#
# It finds Python, and becomes examples/experiments/support/job.py, which checks the variables, makes the run folder
# and its log, and becomes the experiment. Bash itself looks at no setting: its arithmetic reads 08 as
# octal and runs what an index contains. It has to be an exec: the signals of the run limit come to the
# whole process group, and a bash that stayed would die of them and hide Python's exit status.

set -euo pipefail

python=${PYTHON:-$PWD/.venv/bin/python}
if [[ ! -f $python || ! -x $python ]]; then
    echo "$1.lsf: there is no $python; make the environment (lsf/README.md, step 1)," \
        "or name another with PYTHON=..." >&2
    exit 2
fi
exec "$python" -u -m examples.experiments.support.job "$1"
