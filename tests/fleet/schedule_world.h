#pragma once
#include "common/model/error.h"
#include "conductor/fleet/rollouts/rollout_starter.h"
#include "conductor/fleet/schedules/scheduler.h"
#include "conductor/fleet/schedules/schedules.h"
#include "tests/support/world.h"

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bm::test {

/// Records rollouts without running them; the test sets their outcome.
class RecordedRollouts final : public conductor::fleet::RolloutStarter {
public:
    struct Started {
        nlohmann::json body;
        std::string actor;
        model::ScheduleRunId run;
        model::Rollout rollout;
        conductor::fleet::RolloutOutcome outcome;
        bool abortAsked = false;
    };
    std::vector<Started> started;
    std::optional<model::Error> refusal; ///< the error of the next start
    bool nothingToDo = false;

    std::variant<model::Rollout, conductor::fleet::NothingToDo>
    start(const std::string& body, const std::string& actor, const model::ScheduleRunId& run) override
    {
        if (nothingToDo)
            return conductor::fleet::NothingToDo{"all are on that image", ""};
        if (refusal)
            throw *std::exchange(refusal, {});
        Started one{nlohmann::json::parse(body), actor, run, {}, {}};
        one.rollout.id = model::RolloutId::make();
        one.rollout.name = one.body.at("name").get<std::string>();
        one.rollout.imageName = "render-2026-11";
        one.rollout.image = model::ImageId::make();
        started.push_back(one);
        return one.rollout;
    }
    std::optional<conductor::fleet::RolloutOutcome> outcomeOf(db::Transaction&,
                                                              const model::RolloutId& id) override
    {
        for (const Started& one : started)
            if (one.rollout.id == id)
                return one.outcome;
        return std::nullopt;
    }
    void abort(const model::RolloutId& id, const std::string&, const std::string&) override
    {
        for (Started& one : started)
            if (one.rollout.id == id)
                one.abortAsked = true;
    }
    void endLast(model::RolloutState state, std::int64_t done = 1, std::int64_t failed = 0)
    {
        conductor::fleet::RolloutOutcome& outcome = started.back().outcome;
        outcome.state = state;
        outcome.counts.total = done + failed;
        outcome.counts.done = done;
        outcome.counts.failed = failed;
    }
};

/// Schedules on a World, with recorded rollouts; the clock stands at 2026-11-20 12:00 UTC, a Friday.
struct ScheduleWorld {
    World world{};
    RecordedRollouts rollouts{};
    std::unique_ptr<conductor::fleet::Schedules> schedules;
    std::unique_ptr<conductor::fleet::Scheduler> scheduler;

    ScheduleWorld()
    {
        set("2026-11-20 12:00");
        world.image("render");
        world.enrol("n1");
        world.enrol("n2");
        world.core->nodes.update(
            "n1", [](model::Node& node) { node.resourceClass = "render"; }, "tester");
        reopen();
    }
    void set(const std::string& time, const std::string& zone = "UTC")
    {
        world.clock.advance(conductor::fleet::timeFromText(time, zone) - world.clock.now());
    }
    /// bmd dies and starts again.
    void restart()
    {
        scheduler.reset();
        schedules.reset();
        world.restart();
        reopen();
    }
    static nlohmann::json body(const std::string& name = "nightly")
    {
        return {{"name", name},
                {"cron", "30 2 * * *"},
                {"rollout", {{"image", "render"}, {"select", "class=render"}}}};
    }
    conductor::fleet::StoredSchedule create(const nlohmann::json& wanted = body())
    {
        return schedules->create(conductor::fleet::scheduleRequestFrom(wanted.dump()), "alice");
    }
    std::vector<model::ScheduleRun> runs(const std::string& name = "nightly")
    {
        return schedules->runs(schedules->get(name), {}, 100);
    }
    /// "done", "skipped: missed", ... newest first.
    std::vector<std::string> history(const std::string& name = "nightly")
    {
        std::vector<std::string> texts;
        for (const model::ScheduleRun& run : runs(name))
            texts.push_back(std::string(model::toText(run.state)) +
                            (run.reasonCode.empty() ? "" : ": " + run.reasonCode));
        return texts;
    }

private:
    void reopen()
    {
        schedules = std::make_unique<conductor::fleet::Schedules>(world.core->context.base(),
                                                                  [this] { scheduler->wake(); });
        scheduler = std::make_unique<conductor::fleet::Scheduler>(world.core->context.base(), rollouts);
    }
};

} // namespace bm::test
