//! The gate, a booking, a whole life: hot, and with many reservations beside it.
#![allow(missing_docs, reason = "criterion makes a public item without any")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ringfence::{RequestCall, Window};
use ringfence_benches::World;

/// How many reservations are alive beside the one that is asked for.
const ALIVE: [u64; 2] = [1_000, 1_000_000];

fn gate(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gate");
    group.throughput(Throughput::Elements(1));
    for alive in ALIVE {
        let (world, booked) = World::with_open(alive);
        let mut next = 0;
        group.bench_with_input(BenchmarkId::new("one by one", alive), &alive, |bencher, _| {
            bencher.iter(|| {
                // A stride that is prime to the length: no two neighbours follow each other.
                next = (next + 618_033) % booked.len();
                let (line, reservation) = booked[next];
                let verdict = world.platform.gate(RequestCall::new(black_box(line), black_box(reservation)), world.now);
                assert!(verdict.is_allow());
            });
        });
    }
    group.finish();
}

fn book(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("book");
    group.throughput(Throughput::Elements(1));
    for alive in ALIVE {
        let (mut world, _) = World::with_open(alive);
        let mut user = alive;
        let window = Window::new(world.now, world.now.saturating_add_s(3_600)).unwrap();
        group.bench_with_input(BenchmarkId::new("with its messages", alive), &alive, |bencher, _| {
            bencher.iter(|| {
                user += 1;
                world.book(user, window)
            });
        });
    }
    group.finish();
}

fn life(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("life");
    group.throughput(Throughput::Elements(1));
    let mut world = World::new();
    let mut user = 0;
    group.bench_function("hot", |bencher| {
        bencher.iter(|| {
            user = (user + 1) % 1_000;
            world.life(user);
        });
    });
    group.finish();
}

criterion_group!(benches, gate, book, life);
criterion_main!(benches);
