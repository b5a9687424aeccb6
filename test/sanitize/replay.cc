// Runs recorded calls of the addon (recorder.cjs) without Node. Every array is a piece of the heap of exactly its length,
// at any multiple of 4, as in JavaScript.
//
//   replay [--fault=<name>] <file>...
//
// A call runs with the instruction set that recorded it, on 1, 2 and 7 threads and from two callers at once: all of these
// must give the recorded bits (a not-a-number may be another one than in the recorder's build), and leave alone what the
// recorded call left alone. What was recorded with the best instruction set of a processor runs with every other one of
// this program too. That one may differ in floats, by 1e-5 of the largest in the array and a rounding of the largest that
// came in, but not in whole numbers, and not between threads.
//
// A fault shows that the checks work:
//
//   wrong       of what a call wrote a bit is turned, and what it returned is doubled
//   short       arrays are a number shorter than they say
//   scratch     a piece of a kernel's own memory is overrun
//   misaligned  arrays lie beside a multiple of 4
//   race        the units of a kernel share a number
#include <string.h>

#include <set>
#include <thread>

#include "../../kernels/native/thread-pool.h"
#include "node-api.h"
#include "outcome.h"
#include "recording.h"

namespace {

#if defined(__x86_64__)
constexpr const char* processor = "x64 ";
#else
constexpr const char* processor = "arm64 ";
#endif

constexpr int mostMessages = 10;

std::string fault;
int numFailures = 0;

/** Memory of a call's arrays, each of its exact length. */
class Heap {
 public:
  ~Heap() {
    for (void* const piece : pieces_) free(piece);
  }

  /** @param offset Bytes behind where the heap's own alignment would put it. */
  void* copyOf(const Words& words, size_t offset) {
    const size_t bytes = words.size() * 4 - (fault == "short" && !words.empty() ? 4 : 0);
    pieces_.push_back(malloc(offset + bytes));
    char* const start = static_cast<char*>(pieces_.back()) + offset;
    if (bytes > 0) memcpy(start, words.data(), bytes);
    return start;
  }

 private:
  std::vector<void*> pieces_;
};

/** The addon as JavaScript sees it. */
class Addon {
 public:
  Addon() {
    napi_register_module_v1(&env_, &exports_);
    for (const napi_value name : exports_.properties.at("instructionSets")->elements) sets.push_back(processor + name->text);
  }

  std::vector<std::string> sets;

  void choose(size_t instructionSet, int threads) {
    callWithNumber("setInstructionSet", static_cast<double>(instructionSet));
    callWithNumber("setThreads", threads);
  }

  Outcome run(const RecordedCall& call, size_t offset) const {
    napi_env__ env;
    napi_callback_info__ info;
    Heap heap;
    for (const RecordedArgument& argument : call.arguments) {
      napi_value__ value;
      value.type = argument.type;
      value.number = argument.number;
      value.arrayType = argument.arrayType;
      value.length = argument.before.size();
      if (argument.type == napi_object) value.data = heap.copyOf(argument.before, offset);
      info.arguments.push_back(env.make(value));
    }
    Outcome outcome;
    const napi_value result = exports_.properties.at(call.function)->function(&env, &info);
    if (!env.thrown.empty()) {
      fprintf(stderr, "refused, which it was not when it was recorded: %s\n", env.thrown.c_str());
      exit(1);
    }
    if (result->type == napi_number) outcome.result = result->number;
    for (const napi_value value : info.arguments) {
      const uint32_t* const words = static_cast<const uint32_t*>(value->data);
      if (value->type == napi_object) outcome.arrays.emplace_back(words, words + value->length);
    }
    return outcome;
  }

 private:
  void callWithNumber(const char* function, double number) {
    napi_value__ value;
    value.type = napi_number;
    value.number = number;
    napi_callback_info__ info{{&value}};
    exports_.properties.at(function)->function(&env_, &info);
  }

  napi_env__ env_;
  napi_value__ exports_;
};

Outcome recordedOutcome(const RecordedCall& call) {
  Outcome outcome;
  outcome.result = fault == "wrong" ? call.result * 2 : call.result;
  for (const RecordedArgument& argument : call.arguments) {
    if (argument.type != napi_object) continue;
    outcome.arrays.push_back(argument.after);
    if (fault == "wrong" && argument.after != argument.before) outcome.arrays.back()[0] ^= 1;
  }
  return outcome;
}

void expect(bool agrees, const RecordedCall& call, const std::string& set, const char* what) {
  if (agrees || numFailures++ >= mostMessages) return;
  fprintf(stderr, "%s, recorded with %s, gives with %s other results %s. Its arguments:", call.function.c_str(),
          call.instructionSet.c_str(), set.c_str(), what);
  for (const RecordedArgument& argument : call.arguments) {
    if (argument.type == napi_object) fprintf(stderr, " [%zu]", argument.before.size());
    else if (argument.type == napi_null) fprintf(stderr, " null");
    else fprintf(stderr, " %g", argument.number);
  }
  fprintf(stderr, "\n");
}

/** @returns How often the call ran. */
int replay(Addon& addon, const RecordedCall& call, size_t set) {
  const std::string& name = addon.sets[set];
  addon.choose(set, 1);
  const Outcome first = addon.run(call, fault == "misaligned" ? 2 : 0);
  const Outcome recorded = recordedOutcome(call);
  const bool isOwn = name == call.instructionSet;
  if (isOwn) expect(areSame(withOneNaN(first, call), withOneNaN(recorded, call)), call, name, "than recorded");
  else if (isComparable(call)) expect(areClose(first, recorded, call), call, name, "than recorded");
  addon.choose(set, 2);
  expect(areSame(addon.run(call, 4), first), call, name, "on 2 threads");
  addon.choose(set, 7);
  expect(areSame(addon.run(call, 8), first), call, name, "on 7 threads");
  Outcome others;
  std::thread caller([&] { others = addon.run(call, 12); });
  expect(areSame(addon.run(call, 0), first), call, name, "beside another call");
  caller.join();
  expect(areSame(others, first), call, name, "beside another call");
  return 5;
}

void raceOnPurpose() {
  int shared = 0;
  switchyard::ThreadPool::instance().setThreads(4);
  const auto add = [](void* number, int64_t, switchyard::Arena&) { *static_cast<int*>(number) += 1; };
  switchyard::ThreadPool::instance().run(100000, add, &shared);
}

void overflowScratch() { switchyard::ThreadPool::instance().lists().floats(16)[16] = 0; }

}  // namespace

int main(int argc, char** argv) {
  Addon addon;
  std::set<std::string> functions;
  int numCalls = 0;
  int numRuns = 0;
  for (int i = 1; i < argc; i++) {
    if (strncmp(argv[i], "--fault=", 8) == 0) {
      fault = argv[i] + 8;
      continue;
    }
    FILE* const file = fopen(argv[i], "rb");
    if (file == nullptr) {
      fprintf(stderr, "%s cannot be read\n", argv[i]);
      return 2;
    }
    for (RecordedCall call; readCall(file, call);) {
      const int before = numRuns;
      for (size_t set = 0; set < addon.sets.size(); set++) {
        if (call.isBest || call.instructionSet == addon.sets[set]) numRuns += replay(addon, call, set);
      }
      if (numRuns == before) continue;
      functions.insert(call.function);
      numCalls += 1;
    }
    fclose(file);
  }
  if (fault == "race") raceOnPurpose();
  if (fault == "scratch") overflowScratch();
  printf("%d calls of %zu functions, %d runs with", numCalls, functions.size(), numRuns);
  for (const std::string& set : addon.sets) printf(" %s,", set.c_str() + strlen(processor));
  printf(" 1, 2 and 7 threads and two callers\n");
  if (numFailures > 0) fprintf(stderr, "%d results differ\n", numFailures);
  return numFailures > 0 || numCalls == 0 ? 1 : 0;
}
