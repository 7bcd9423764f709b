#!/bin/sh
# Runs train.py three times: from its files alone, with a variable and flags, and with a slip.
cd "$(dirname "$0")" || exit 1

show() {
    if [ -t 1 ]; then printf '\n\033[1m$ %s\033[0m\n\n' "$1"; else printf '\n$ %s\n\n' "$1"; fi
    sh -c "$1"
}

show 'python train.py' &&
printf '\nThe next flag --run-tags has no effect, and that is told: run.yaml, which the script names, beats flags.\n' &&
show 'WANDB_PROJECT=capsules python train.py --run-name second-try --run-tags mine --lr 0.2' || exit 1

# This one is meant to fail, before anything is trained.
printf '\nAnd this is what a slip looks like; it is meant to be found, before anything is trained:\n'
if show 'python train.py --settings-file slip.yaml'; then
    echo 'a slip went unnoticed'
    exit 1
fi
