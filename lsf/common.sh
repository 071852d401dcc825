# The common part of the job scripts. Each script has its directives and these two lines:
#
#     cd "${LS_SUBCWD:-$PWD}"      LSF runs a copy of the script in another folder
#     source lsf/common.sh train   with the name of the script
#
# It finds Python and replaces itself with examples/experiments/support/job.py, which checks the variables, creates
# the run folder and its log, and replaces itself with the experiment. Bash itself evaluates no setting: its
# arithmetic reads 08 as octal and executes code in array indices. The exec is required: signals of the run limit
# reach the whole process group, and a remaining bash would die of them and hide the exit status of Python.

set -euo pipefail

python=${PYTHON:-$PWD/.venv/bin/python}
if [[ ! -f $python || ! -x $python ]]; then
    echo "$1.lsf: there is no $python; make the environment (lsf/README.md, step 1)," \
        "or name another with PYTHON=..." >&2
    exit 2
fi
exec "$python" -u -m examples.experiments.support.job "$1"
