#include "conductor/operations/running_handlers.h"

#include "common/platform/files.h"
#include "common/platform/log.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <string_view>
#include <sys/mman.h>
#include <system_error>
#include <unistd.h>

namespace bm::conductor {

namespace {

constexpr std::size_t kSlotBytes = 64;
constexpr std::size_t kUuidBytes = 36;
constexpr std::size_t kNoSlot = ~std::size_t{0};

/// The texts of whole slots. A slot that was cut off belongs to no step.
std::set<std::string> stepsIn(std::string_view bytes)
{
    std::set<std::string> found;
    for (std::size_t at = 0; at + kSlotBytes <= bytes.size(); at += kSlotBytes) {
        const std::string_view slot = bytes.substr(at, kSlotBytes);
        const std::string_view text = slot.substr(0, slot.find('\0'));
        if (text.size() == kUuidBytes)
            found.emplace(text);
    }
    return found;
}

/// Maps the file with space on the disk: a write to a hole of a full disk would end bmd. @return nothing
/// where there is none
std::span<char> mapped(const platform::Fd& fd, std::size_t bytes)
{
    errno = ::posix_fallocate(fd.get(), 0, static_cast<off_t>(bytes));
    if (errno != 0)
        return {};
    void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    return memory == MAP_FAILED ? std::span<char>() : std::span(static_cast<char*>(memory), bytes);
}

} // namespace

RunningHandlers::RunningHandlers(const std::filesystem::path& file, std::size_t most)
{
    if (file.empty())
        return;
    const platform::Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (fd) {
        platform::giveToOwner(fd.get(), file);
        memory_ = mapped(fd, most * kSlotBytes);
    }
    if (memory_.empty()) {
        platform::logWarning("conductor", "{}: {}: a crash of bmd counts against no step", file.string(),
                             std::generic_category().message(errno));
        return;
    }
    crashed_ = stepsIn({memory_.data(), memory_.size()});
    std::ranges::fill(memory_, '\0');
    for (std::size_t slot = most; slot > 0; --slot)
        free_.push_back(slot - 1);
}

RunningHandlers::~RunningHandlers()
{
    if (!memory_.empty())
        ::munmap(memory_.data(), memory_.size());
}

std::span<char> RunningHandlers::textOf(std::size_t slot) const
{
    return memory_.subspan(slot * kSlotBytes, kUuidBytes);
}

std::size_t RunningHandlers::take(const std::string& uuid)
{
    const std::scoped_lock lock(mutex_);
    if (free_.empty() || uuid.size() != kUuidBytes)
        return kNoSlot;
    const std::size_t slot = free_.back();
    free_.pop_back();
    std::ranges::copy(uuid, textOf(slot).begin());
    return slot;
}

void RunningHandlers::giveBack(std::size_t slot)
{
    if (slot == kNoSlot)
        return;
    const std::scoped_lock lock(mutex_);
    std::ranges::fill(textOf(slot), '\0');
    free_.push_back(slot);
}

RunningHandlers::Mark::Mark(RunningHandlers& handlers, const model::StepId& step)
    : handlers_(handlers), slot_(handlers.take(step.uuid))
{}

RunningHandlers::Mark::~Mark()
{
    handlers_.giveBack(slot_);
}

} // namespace bm::conductor
