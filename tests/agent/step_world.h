#pragma once
#include "agent/disk/loop_device.h"
#include "agent/step/step_context.h"
#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/platform/log.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace bm::agent {

/// An Exec that records commands instead of running them; @p answer returns their results. Thread-safe.
class FakeExec : public platform::Exec {
public:
    using Answer = std::function<platform::Exit(const std::vector<std::string>& argv)>;
    explicit FakeExec(Answer answer = {}) : answer_(std::move(answer)) {}
    platform::Exit run(const platform::Command& command, const model::Deadline&) override
    {
        const std::scoped_lock lock(mutex_);
        std::string line;
        for (const std::string& word : command.argv)
            line += (line.empty() ? "" : " ") + word;
        called.push_back(line);
        if (answer_)
            return answer_(command.argv);
        return {.code = 1, .out = {}, .err = "not here"};
    }
    bool hasCalled(const std::string& line) const { return std::ranges::find(called, line) != called.end(); }
    std::vector<std::string> called;

private:
    Answer answer_;
    std::mutex mutex_;
};

/// A file as a disk by a loop device. The destructor removes both. Needs root.
class LoopDisk {
public:
    explicit LoopDisk(std::uint64_t mib, const std::string& content = {})
    {
        std::ofstream(file(), std::ios::binary) << content;
        std::filesystem::resize_file(file(), mib << 20U);
        loop_.emplace(file(), 0, mib << 20U, false, 512U);
        disk.name = loop_->path();
        disk.serial = "L" + disk.name.substr(disk.name.rfind('p') + 1);
        disk.sizeBytes = mib << 20U;
    }
    std::filesystem::path file() const { return folder_.path() / "disk"; }
    bool isZero() const
    {
        const std::string text = platform::readFile(disk.name, std::size_t{1} << 30U);
        return text.size() == disk.sizeBytes && text.find_first_not_of('\0') == std::string::npos;
    }
    wire::Disk disk;

private:
    platform::TemporaryFolder folder_{"bm-loop-disk"};
    std::optional<LoopDevice> loop_;
};

inline std::string noise(std::size_t mib)
{
    std::string text(mib << 20U, '\0');
    std::mt19937_64 random{42};
    std::ranges::generate(text, [&] { return static_cast<char>(random()); });
    return text;
}

/// Runs steps.
struct StepWorld {
    StepWorld() { platform::setLogLevel(platform::LogLevel::Error); }
    ~StepWorld() { platform::setLogLevel(platform::LogLevel::Info); }
    StepWorld(const StepWorld&) = delete;
    StepWorld& operator=(const StepWorld&) = delete;

    nlohmann::json run(const StepFunction& step, const nlohmann::json& arguments = nlohmann::json::object())
    {
        const model::JsonText text{arguments.dump()};
        const std::string api = "http://127.0.0.1:1";
        const TokenSource token;
        const MachineDisks all([this] { return disks; }, rules, "/sys", patience);
        const StepContext context{text, api, token, all, *exec, progress, log};
        return nlohmann::json::parse(step(context).text);
    }
    model::Error failure(const StepFunction& step, const nlohmann::json& arguments = nlohmann::json::object())
    {
        try {
            run(step, arguments);
        } catch (const model::Error& error) {
            return error;
        }
        FAIL("the step did not fail");
        throw std::logic_error("unreachable");
    }

    FakeExec fake;
    platform::Exec* exec = &fake;
    std::vector<wire::Disk> disks;
    wire::DiskRules rules;
    DiskPatience patience; ///< none: nothing waits
    StepProgress progress;
    AgentLog log;
};

} // namespace bm::agent
