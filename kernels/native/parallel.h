// Work shared by the threads of the pool, as a lambda.
#pragma once

#include "isa.h"
#include "thread-pool.h"

namespace switchyard {
namespace SWITCHYARD_ISA {

/** work(unit, arena) for every unit below `units`; the arena is the unit's own. */
template <typename Work>
static void inParallel(ThreadPool& pool, int64_t units, const Work& work) {
  pool.run(
      units,
      [](void* context, int64_t unit, Arena& arena) { (*static_cast<const Work*>(context))(unit, arena); },
      const_cast<Work*>(&work));
}

/** work(begin, end) for ranges of `length` of [0, size). */
template <typename Work>
static void inRanges(ThreadPool& pool, int64_t size, int64_t length, const Work& work) {
  inParallel(pool, ceilDivide(size, length), [&](int64_t unit, Arena&) {
    work(unit * length, smaller(size, (unit + 1) * length));
  });
}

}  // namespace SWITCHYARD_ISA
}  // namespace switchyard
