//! What a crash costs, and what a busy line costs: a `resync` with so many overdue calls, a request on a line with so many live calls, a snapshot
//! and its restore. The first two grow with what is due, the last two with what is kept; none with its square.
#![allow(missing_docs, reason = "criterion makes a public item without any")]

use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ringfence::{Keyring, Platform};
use ringfence_benches::World;

/// How many calls ring at once. [`ringfence_benches::LINES`] lines have 200 channels each.
const RINGING: [u64; 3] = [500, 2_000, 8_000];
/// How many reservations are kept.
const KEPT: [u64; 3] = [10_000, 100_000, 1_000_000];

fn resync(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("resync");
    group.sample_size(10);
    for ringing in RINGING {
        let (mut world, booked) = World::with_open(ringing);
        world.ring(&booked);
        let late = world.now.saturating_add_s(600);
        group.throughput(Throughput::Elements(ringing));
        group.bench_with_input(BenchmarkId::new("every call overdue", ringing), &ringing, |bencher, _| {
            bencher.iter_batched_ref(
                || world.platform.clone(),
                |platform| platform.resync(late, Vec::new()).unwrap(),
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

fn request(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("request_call");
    group.throughput(Throughput::Elements(1));
    for ringing in RINGING {
        let (mut world, booked) = World::with_open(ringing);
        world.ring(&booked);
        let mut next = 0;
        group.bench_with_input(BenchmarkId::new("denied, so many calls alive", ringing), &ringing, |bencher, _| {
            bencher.iter(|| {
                next = (next + 617) % booked.len();
                let (line, reservation) = booked[next];
                let reply = world.platform.request_call(world.now, black_box(line), black_box(reservation));
                world.drain();
                reply
            });
        });
    }
    group.finish();
}

fn snapshot(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("snapshot");
    group.sample_size(10);
    for kept in KEPT {
        let (world, _) = World::with_open(kept);
        let bytes = world.platform.snapshot();
        group.throughput(Throughput::Elements(kept));
        group.bench_with_input(BenchmarkId::new("out", kept), &kept, |bencher, _| {
            bencher.iter(|| world.platform.snapshot());
        });
        group.bench_with_input(BenchmarkId::new("restore", kept), &kept, |bencher, _| {
            bencher.iter_with_large_drop(|| Platform::restore(black_box(&bytes), Keyring::new(), 7).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, resync, request, snapshot);
criterion_main!(benches);
