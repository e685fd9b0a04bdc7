//! A plan with something of everything.

use aim_engine::plan::{
    HealthCheck, LABEL_MODEL, LABEL_PORT, LABEL_RECIPE, LaunchPlan, Mount, container_name,
};

/// The words of a text.
pub fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

/// The plan.
pub fn full() -> LaunchPlan {
    let mut plan = LaunchPlan::for_rocm(
        "rocm/vllm:rocm6.4.1_vllm_0.10.1",
        container_name("Qwen/Qwen3-32B"),
        8000,
    );
    for (key, value) in [
        (LABEL_RECIPE, "qwen3-32b-mi300x-bf16"),
        (LABEL_MODEL, "Qwen/Qwen3-32B"),
        (LABEL_PORT, "8000"),
    ] {
        plan.labels.insert(key.into(), value.into());
    }
    plan.gpu_ids = vec![4, 5, 6, 7];
    plan.set_env("HF_HOME", "/workspace/model-cache");
    plan.set_env("VLLM_USE_V1", "1");
    plan.set_env("MESSAGE", "it's $HOME");
    plan.env_by_name = words("HF_TOKEN");
    plan.mounts = vec![Mount {
        host: "/home/operator/.cache/aim-engine/models".into(),
        container: "/workspace/model-cache".into(),
        writable: true,
    }];
    plan.argv = words(
        "vllm serve Qwen/Qwen3-32B --dtype bfloat16 --tensor-parallel-size 4 --port 8000 \
         --max-model-len 32768 --trust-remote-code --served-model-name one two",
    );
    plan.argv.extend(words("--override-generation-config"));
    plan.argv
        .push(r#"{"temperature": 0.6, "top_p": 0.95, "top_k": 20, "min_p": 0.0}"#.into());
    plan.health_check = Some(HealthCheck {
        command: words("probe 8000 /health"),
        interval_s: 10,
        timeout_s: 5,
        retries: 3,
        start_period_s: 600,
    });
    plan
}
