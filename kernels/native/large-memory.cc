#include "large-memory.h"

#include <stdlib.h>
#include <sys/mman.h>

namespace switchyard {

namespace {

constexpr size_t hugePage = size_t{2} << 20;
constexpr size_t cacheLine = 64;

size_t roundUp(size_t bytes, size_t multiple) { return (bytes + multiple - 1) / multiple * multiple; }

}  // namespace

void* takeMemory(size_t bytes) {
  if (bytes < hugePage) return aligned_alloc(cacheLine, roundUp(bytes, cacheLine));
  const size_t size = roundUp(bytes, hugePage);
  void* const memory = aligned_alloc(hugePage, size);
#if defined(MADV_HUGEPAGE)
  // Advice: without huge pages the memory is as good, if slower.
  if (memory != nullptr) madvise(memory, size, MADV_HUGEPAGE);
#endif
  return memory;
}

void giveMemory(void* memory) { free(memory); }

}  // namespace switchyard
