// The kernels of every instruction set that this build has.
#pragma once

#include "calls.h"

namespace switchyard {

namespace avx512 { extern const KernelTable table; }
namespace avx2 { extern const KernelTable table; }
namespace wide { extern const KernelTable table; }
namespace neon { extern const KernelTable table; }
namespace portable { extern const KernelTable table; }

}  // namespace switchyard
