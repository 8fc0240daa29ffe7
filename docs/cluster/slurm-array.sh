#!/usr/bin/env bash
#SBATCH --job-name=breaklab
#SBATCH --array=1-4
#SBATCH --cpus-per-task=1
#SBATCH --mem=512M
#SBATCH --time=00:30:00
#SBATCH --output=breaklab-%a.log
#
# Four tasks make a quarter of all runs each:
#   sbatch slurm-array.sh
# Then: breaklab merge reports/1 reports/2 reports/3 reports/4 --out reports/all
set -euo pipefail
exec "${BREAKLAB:-breaklab}" run --quiet \
    --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" \
    --out "reports/$SLURM_ARRAY_TASK_ID" "$@"
