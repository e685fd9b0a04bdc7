"""What huggingface_hub makes of a cache: called by tests/cache_huggingface.rs.

    round_trip.py read CACHE MODEL     prints the files of a cached model, without asking any hub
    round_trip.py fetch CACHE MODEL    fetches a model from HF_ENDPOINT
    round_trip.py plain CACHE MODEL    the same with the cache that the environment names
"""

import json
import logging
import sys
import warnings
from pathlib import Path

warnings.simplefilter("error")
logging.basicConfig(level=logging.WARNING)

from huggingface_hub import hf_hub_download, scan_cache_dir, snapshot_download, try_to_load_from_cache

what, cache, model = sys.argv[1:]
if what == "fetch":
    print(json.dumps({"path": snapshot_download(model, cache_dir=cache)}))
    sys.exit(0)

if what == "plain":
    print(json.dumps({"path": snapshot_download(model)}))
    sys.exit(0)

found = scan_cache_dir(cache)
path = snapshot_download(model, cache_dir=cache, local_files_only=True)
config = hf_hub_download(model, "config.json", cache_dir=cache, local_files_only=True)
repos = {
    repo.repo_id: {
        "size": repo.size_on_disk,
        "revisions": sorted(revision.commit_hash for revision in repo.revisions),
        "refs": sorted(name for revision in repo.revisions for name in revision.refs),
        "files": sorted(
            str(file.file_path.relative_to(revision.snapshot_path))
            for revision in repo.revisions
            for file in revision.files
        ),
    }
    for repo in found.repos
}
print(
    json.dumps(
        {
            "warnings": [str(warning) for warning in found.warnings],
            "repos": repos,
            "path": path,
            "config": Path(config).read_text(),
            "loaded": try_to_load_from_cache(model, "config.json", cache_dir=cache) == config,
        }
    )
)
