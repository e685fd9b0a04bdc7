//! dbg
use aim_engine::datalog::*;
use aim_engine::datalog::source::Sources;
fn main(){
    let mut s = Sources::new();
    let f = s.add("rules/main.dl", std::fs::read_to_string("rules/main.dl").unwrap());
    let t=std::time::Instant::now();
    match load(&mut s, &[f], &mut FromDisk) {
        Ok(c) => { println!("ok {} relations {} strata {:?}", c.relations.len(), c.strata.len(), t.elapsed()); for r in c.warnings.reports(&s) { println!("{:?}", miette::Report::new(r)); } }
        Err(d) => { for r in d.reports(&s) { println!("{:?}", miette::Report::new(r)); } }
    }
}
