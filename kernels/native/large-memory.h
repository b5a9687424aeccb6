// Memory of megabytes: for tensors and for the threads' scratch. Where the system has them on request it lies on huge
// pages: rows that are gathered all over a dictionary of 75 MB would otherwise miss the processor's list of pages
// nearly every time.
#pragma once

#include <stddef.h>

namespace switchyard {

/** At a multiple of 64 bytes, content unspecified; null when the system has none left. */
void* takeMemory(size_t bytes);

void giveMemory(void* memory);

}  // namespace switchyard
