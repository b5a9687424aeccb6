#include "processors.h"

#include "tables.h"

namespace switchyard {

namespace {

struct Usable {
  const KernelTable* tables[4];
  int count;
};

const Usable& found() {
  static const Usable all = [] {
    Usable list{};
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool fma = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (fma && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
      list.tables[list.count++] = &avx512::table;
    }
    if (fma) list.tables[list.count++] = &avx2::table;
#if defined(SWITCHYARD_WIDE)
    // Only where the C++ is checked: the layout of avx512 in the instructions of avx2.
    if (fma) list.tables[list.count++] = &wide::table;
#endif
#elif defined(__aarch64__)
    list.tables[list.count++] = &neon::table;
#endif
    list.tables[list.count++] = &portable::table;
    return list;
  }();
  return all;
}

}  // namespace

int numUsable() { return found().count; }

const KernelTable* usable(int number) { return found().tables[number]; }

}  // namespace switchyard
