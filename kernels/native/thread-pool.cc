#include "thread-pool.h"

#include "large-memory.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <new>
#include <thread>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace switchyard {

namespace {

constexpr size_t alignment = 64;
constexpr size_t smallestBlock = size_t{1} << 20;
#if defined(__SANITIZE_ADDRESS__)
/** AddressSanitizer sees a block as one: what is not taken is forbidden, with a gap behind every piece. */
constexpr size_t gap = alignment;
void forbid(void* from, size_t bytes) { __asan_poison_memory_region(from, bytes); }
/** Not-a-numbers, so that what is read before it is written shows in the result. */
void allow(void* from, size_t bytes) {
  __asan_unpoison_memory_region(from, bytes);
  memset(from, 0xff, bytes);
}
#else
constexpr size_t gap = 0;
void forbid(void*, size_t) {}
void allow(void*, size_t) {}
#endif

/** Turns that an idle thread waits awake: a training step starts kernels a few microseconds apart. */
constexpr int awakeTurns = 4000;

size_t roundUp(size_t bytes) { return (bytes + alignment - 1) / alignment * alignment; }

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/** What the threads of one kernel share. */
struct Job {
  ThreadPool::Work work = nullptr;
  void* context = nullptr;
  int64_t units = 0;
  std::atomic<int64_t> next{0};
};

/** Bit of `entered` that is set while no helper may join: those below it count the helpers that did. */
constexpr int closed = 1 << 30;

struct State {
  std::mutex kernel;
  std::mutex sleep;
  std::condition_variable wake;
  std::atomic<int> wanted{1};
  int started = 0;
  Arena arenas[ThreadPool::maxThreads];
  Arena lists;
  Arena packed;
  Job job;
  /** Counts kernels; a helper that sees a new number tries to join. Written under `sleep`. */
  std::atomic<uint64_t> round{0};
  /** How many helpers are of use to this kernel. */
  std::atomic<int> helping{0};
  std::atomic<int> entered{closed};
  std::atomic<int> left{0};
};

/** Never destroyed: helpers may still sleep on its condition when the process ends. */
State& state() {
  static State* const only = new State();
  return *only;
}

void takeUnits(Job& job, Arena& arena) {
  for (;;) {
    const int64_t unit = job.next.fetch_add(1, std::memory_order_relaxed);
    if (unit >= job.units) return;
    arena.reset();
    job.work(job.context, unit, arena);
  }
}

/** A helper that wakes when the kernel is over finds it closed, and nobody waits for it. */
void join(State& pool, int index) {
  if (index >= pool.helping.load(std::memory_order_acquire)) return;
  if ((pool.entered.fetch_add(1, std::memory_order_acq_rel) & closed) != 0) return;
  takeUnits(pool.job, pool.arenas[index + 1]);
  pool.left.fetch_add(1, std::memory_order_release);
}

void help(State& pool, int index) {
  uint64_t seen = 0;
  const auto news = [&] { return pool.round.load(std::memory_order_acquire) != seen; };
  for (;;) {
    for (int turn = 0; turn < awakeTurns && !news(); turn++) pause();
    if (!news()) {
      std::unique_lock<std::mutex> lock(pool.sleep);
      pool.wake.wait(lock, news);
    }
    seen = pool.round.load(std::memory_order_acquire);
    join(pool, index);
  }
}

void* startHelping(void* index) {
  help(state(), static_cast<int>(reinterpret_cast<intptr_t>(index)));
  return nullptr;
}

/** Fewer where the system allows no more. */
void startHelpers(State& pool) {
  for (; pool.started < pool.wanted - 1; pool.started++) {
    pthread_t helper;
    void* const index = reinterpret_cast<void*>(static_cast<intptr_t>(pool.started));
    if (pthread_create(&helper, nullptr, startHelping, index) != 0) return;
    pthread_detach(helper);
  }
}

void call(State& pool, int helping) {
  pool.left.store(0, std::memory_order_relaxed);
  pool.helping.store(helping, std::memory_order_release);
  pool.entered.store(0, std::memory_order_release);
  {
    std::lock_guard<std::mutex> lock(pool.sleep);
    pool.round.fetch_add(1, std::memory_order_release);
  }
  pool.wake.notify_all();
}

void waitForHelpers(State& pool) {
  const int helpers = pool.entered.fetch_or(closed, std::memory_order_acq_rel);
  for (int turn = 0; pool.left.load(std::memory_order_acquire) != helpers; turn++) {
    if (turn < awakeTurns) pause();
    else std::this_thread::yield();
  }
}

}  // namespace

char* Arena::startOf(Block* block) { return reinterpret_cast<char*>(block) + roundUp(sizeof(Block)); }

void Arena::reset() {
  size_t total = 0;
  int blocks = 0;
  for (Block* block = last_; block != nullptr; block = block->before) {
    total += block->size;
    blocks += 1;
  }
  if (blocks > 1) {
    while (last_ != nullptr) {
      Block* const before = last_->before;
      giveMemory(last_);
      last_ = before;
    }
    take(total);
  }
  if (last_ == nullptr) return;
  last_->used = 0;
  forbid(startOf(last_), last_->size);
}

void* Arena::take(size_t bytes) {
  const size_t needed = roundUp(bytes) + gap;
  if (last_ == nullptr || last_->size - last_->used < needed) {
    const size_t size = needed > smallestBlock ? needed : smallestBlock;
    void* const memory = takeMemory(roundUp(sizeof(Block)) + size);
    if (memory == nullptr) {
      fprintf(stderr, "switchyard: the system has no memory left for a kernel's %zu bytes\n", size);
      abort();
    }
    last_ = new (memory) Block{last_, size, 0};
    forbid(startOf(last_), size);
  }
  char* const start = startOf(last_) + last_->used;
  last_->used += needed;
  allow(start, bytes);
  return start;
}

ThreadPool& ThreadPool::instance() {
  static ThreadPool* const pool = new ThreadPool();
  return *pool;
}

void ThreadPool::lock() { state().kernel.lock(); }

void ThreadPool::unlock() { state().kernel.unlock(); }

void ThreadPool::setThreads(int count) {
  state().wanted.store(count < 1 ? 1 : count > maxThreads ? maxThreads : count);
}

int ThreadPool::threads() const { return state().wanted.load(); }

Arena& ThreadPool::lists() { return state().lists; }

Arena& ThreadPool::packed() { return state().packed; }

void ThreadPool::run(int64_t units, Work work, void* context) {
  State& pool = state();
  startHelpers(pool);
  const int64_t others = units - 1;
  const int spare = pool.wanted - 1;
  const int helping = others < spare ? static_cast<int>(others < 0 ? 0 : others) : spare;
  pool.job.work = work;
  pool.job.context = context;
  pool.job.units = units;
  pool.job.next.store(0, std::memory_order_relaxed);
  if (helping > 0) call(pool, helping);
  takeUnits(pool.job, pool.arenas[0]);
  if (helping > 0) waitForHelpers(pool);
}

}  // namespace switchyard
