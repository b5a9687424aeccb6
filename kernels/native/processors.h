// Which instruction sets this processor has, best first.
#pragma once

#include "calls.h"

namespace switchyard {

/** At least 1: the portable one is always there. */
int numUsable();

/** @param number Below numUsable(); 0 is the best. */
const KernelTable* usable(int number);

}  // namespace switchyard
