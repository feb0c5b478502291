#include "base/machine.h"

#include <fstream>
#include <sys/utsname.h>
#include <thread>

#include <fmt/format.h>

#include "incipit/threads.h"

namespace incipit {
namespace {

std::string processor_name() {
  std::ifstream information("/proc/cpuinfo");
  for (std::string line; std::getline(information, line);) {
    const std::size_t colon = line.find(": ");
    if (colon != std::string::npos && (line.starts_with("model name") || line.starts_with("Model")))
      return line.substr(colon + 2);
  }
  utsname system{};  // ARM's cpuinfo has numbers only
  return ::uname(&system) == 0 ? std::string(system.machine) : "processor not known";
}

}  // namespace

std::string machine_description() {
  return fmt::format("{}, {} core{}, {} thread{}", processor_name(), std::thread::hardware_concurrency(),
                     std::thread::hardware_concurrency() == 1 ? "" : "s", num_threads(),
                     num_threads() == 1 ? "" : "s");
}

}  // namespace incipit
