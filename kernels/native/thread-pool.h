// A pool of threads that share the units of one kernel at a time, and the scratch memory of each.
//
// Units are handed out one by one to whichever thread is free. What a unit computes depends on nothing but its number,
// and no two units write the same memory, so results have the same bits for any number of threads.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace switchyard {

/** Memory that one thread takes from while it works on one unit; kept for the next kernel. */
class Arena {
 public:
  /** Forgets what was taken. Memory of the last round is kept, in one piece. */
  void reset();
  /** `bytes` bytes at a multiple of 64, content unspecified. Ends the program when the system has no memory left. */
  void* take(size_t bytes);
  float* floats(int64_t count) { return static_cast<float*>(take(static_cast<size_t>(count) * sizeof(float))); }
  int32_t* ints(int64_t count) { return static_cast<int32_t*>(take(static_cast<size_t>(count) * sizeof(int32_t))); }

 private:
  struct Block {
    Block* before;
    size_t size;
    size_t used;
  };
  static char* startOf(Block* block);
  Block* last_ = nullptr;
};

class ThreadPool {
 public:
  using Work = void (*)(void* context, int64_t unit, Arena& arena);

  static constexpr int maxThreads = 256;

  /** The pool of the process. */
  static ThreadPool& instance();

  /** A kernel holds the pool and its memory from before it starts: JavaScript may have several threads. */
  void lock();
  void unlock();

  /** From the next kernel on; the calling thread is one of them. */
  void setThreads(int count);
  int threads() const;

  /** Calls work(context, unit, arena) for every unit in [0, units) and returns when all are done. Held by the caller. */
  void run(int64_t units, Work work, void* context);

  /** Memory that a kernel's units share: its lists. */
  Arena& lists();
  /** The same for the packed operand of one matrix product. */
  Arena& packed();

 private:
  ThreadPool() = default;
};

}  // namespace switchyard
