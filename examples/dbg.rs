use aim_engine::store::*;
fn main(){
    let a: Vec<String> = std::env::args().collect();
    let cat = a.get(1).map(std::path::PathBuf::from);
    let t=std::time::Instant::now();
    let s = Store::open(&StoreSpec{layers: Layer::stack(cat.as_deref(), &[]), file: Some("/tmp/dbg.db".into()), trust:false}).unwrap();
    println!("open {:?} mem {:?}", t.elapsed(), s.in_memory_because());
    for p in s.problems(true).unwrap() { println!("{} {} {:?}", p.path, p.problem.message, p.problem.help); }
    for n in s.notices().unwrap() { println!("{n:?}"); }
    println!("{}", s.recipes(None).unwrap().len());
    println!("{:?}", s.model_keys("Qwen/Qwen3-32B"));
}
