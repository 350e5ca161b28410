#include "model/scanning.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <thread>

namespace insitu {
namespace {

void Place(const Scanner& scanner, const ScanBlock& block, ScanMap* map) {
  const auto columns = static_cast<size_t>(block.columns);
  for (int row = 0; row < block.rows; ++row) {
    const size_t to =
        static_cast<size_t>(block.row + row) * static_cast<size_t>(scanner.plan().columns) +
        static_cast<size_t>(block.column);
    const size_t from = static_cast<size_t>(row) * columns;
    std::copy_n(&scanner.values()[from], columns, &map->values[to]);
    std::copy_n(&scanner.verdicts()[from], columns, &map->verdicts[to]);
  }
}

}  // namespace

Result<std::vector<Scanner>> MakeScanners(std::span<const uint8_t> model, const Image& image,
                                          const ScanRequest& request) {
  std::vector<Scanner> scanners;
  for (int i = 0; i < request.threads; ++i) {
    ASSIGN_OR_RETURN(Scanner scanner, Scanner::Create(model));
    RETURN_IF_ERROR(scanner.Plan(
        {image.width, image.height, image.channels, request.um_per_pixel, request.gate},
        request.stride, request.way));
    scanners.push_back(std::move(scanner));
  }
  return scanners;
}

Image CutBlock(const Image& image, const ScanBlock& block) {
  Image cut{block.width, block.height, image.channels, {}};
  const auto channels = static_cast<size_t>(image.channels);
  const size_t line = static_cast<size_t>(block.width) * channels;
  cut.pixels.resize(line * static_cast<size_t>(block.height));
  for (int y = 0; y < block.height; ++y) {
    const size_t from = static_cast<size_t>(block.y + y) * static_cast<size_t>(image.width) +
                        static_cast<size_t>(block.x);
    std::copy_n(&image.pixels[from * channels], line, &cut.pixels[static_cast<size_t>(y) * line]);
  }
  return cut;
}

Result<ScanMap> ScanImageWith(std::vector<Scanner>* scanners, const Image& image) {
  const ScanPlan& plan = scanners->front().plan();
  ScanMap map;
  map.values.resize(static_cast<size_t>(plan.columns) * static_cast<size_t>(plan.rows));
  map.verdicts.resize(map.values.size());
  const auto start = std::chrono::steady_clock::now();
  std::atomic<int> next = 0;
  std::mutex failing;
  std::optional<Error> error;  // of the first that failed: a thread's failure does not leave it
  const auto work = [&](Scanner* scanner) {
    for (int i = next++; i < plan.block_count(); i = next++) {
      const ScanBlock block = plan.Block(i);
      const Status status = scanner->Run(i, CutBlock(image, block));
      if (status.ok()) {
        Place(*scanner, block, &map);
        continue;
      }
      const std::lock_guard lock(failing);
      if (!error) error = status.error();
      next = plan.block_count();
    }
  };
  std::vector<std::thread> threads;
  for (size_t i = 1; i < scanners->size(); ++i) threads.emplace_back(work, &(*scanners)[i]);
  work(&scanners->front());
  for (std::thread& thread : threads) thread.join();
  if (error) return *error;
  map.ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  return map;
}

}  // namespace insitu
