#include "cli/commands/commands.h"
#include "cli/commands/schedule_options.h"
#include "cli/views/confirm.h"
#include "common/model/error.h"

#include <fmt/format.h>
#include <iostream>

namespace bm::cli {

using nlohmann::json;

namespace {

std::string schedulePath(const std::string& name, const std::string& rest = {})
{
    return "/v1/schedules/" + platform::urlEncode(name) + rest;
}

/// Adds the column "when": the cron expression "30 2 * * 1-5", or the time of a one-shot schedule.
void addWhen(json& schedule)
{
    schedule["when"] = schedule.at("cron").is_null() ? schedule.at("at") : schedule.at("cron");
    schedule["next"] = schedule.at("paused").get<bool>() ? json("paused") : schedule.at("next_due_local");
    const json& last = schedule.at("last_run");
    schedule["last"] = last.is_null() ? json() : last.at("state");
}

void printWarnings(const json& schedule)
{
    for (const json& warning : schedule.value("warnings", json::array()))
        std::cerr << "bm: warning: " << warning.get<std::string>() << "\n";
}

/// Prints "nightly: next Mon 2026-11-23 02:30 CET"; as JSON or YAML the whole schedule.
int printSchedule(Shell& shell, json schedule)
{
    printWarnings(schedule);
    schedule.erase("links");
    if (!shell.view().table()) {
        shell.print(schedule);
        return 0;
    }
    const std::string name = schedule.at("name").get<std::string>();
    if (schedule.at("paused").get<bool>())
        std::cout << name << ": paused\n";
    else
        std::cout << fmt::format("{}: next {}\n", name, plainText(schedule.at("next_due_local")));
    return 0;
}

int create(Shell& shell, const ScheduleOptions& options)
{
    return printSchedule(shell, shell.client().send("POST", "/v1/schedules", scheduleBody(options, true)));
}

int set(Shell& shell, const ScheduleOptions& options)
{
    const json patch = scheduleBody(options, false);
    if (patch.empty())
        throw model::Error(model::ErrorCode::InvalidInput, "no change given",
                           "bm schedule set --help lists the settings");
    return printSchedule(shell, shell.client().send("PATCH", schedulePath(options.name), patch));
}

int listSchedules(Shell& shell)
{
    json rows = json::array();
    for (std::string path = "/v1/schedules"; !path.empty();) {
        const json page = shell.client().get(path);
        for (json schedule : page.at("schedules")) {
            schedule.erase("links");
            if (shell.view().table())
                addWhen(schedule);
            rows.push_back(std::move(schedule));
        }
        path = page.contains("next")
                   ? "/v1/schedules?marker=" + platform::urlEncode(rows.back().at("name").get<std::string>())
                   : "";
    }
    shell.print(rows, {{"NAME", "name"},
                       {"WHEN", "when"},
                       {"ZONE", "zone"},
                       {"IMAGE", "image"},
                       {"NEXT", "next"},
                       {"LAST", "last"},
                       {"SELECT", "rollout/select", true},
                       {"WINDOW", "window", true},
                       {"MISSED", "missed", true},
                       {"OVERLAP", "overlap", true},
                       {"UUID", "uuid", true}});
    return 0;
}

int show(Shell& shell, const ScheduleOptions& options)
{
    json schedule = shell.client().get(schedulePath(options.name));
    schedule.erase("links");
    shell.print(schedule);
    return 0;
}

int verb(Shell& shell, const ScheduleOptions& options, const std::string& word)
{
    for (const std::string& name : options.names)
        printSchedule(shell, shell.client().send("POST", schedulePath(name, "/" + word), nullptr));
    return 0;
}

int run(Shell& shell, const ScheduleOptions& options)
{
    const json schedule = shell.client().get(schedulePath(options.name));
    confirmOne(fmt::format("deploy {} to the selection of {} ({}) now",
                           schedule.at("image").get<std::string>(), options.name,
                           plainText(schedule.at("rollout").value("select", json("nodes by name")))),
               options.yes);
    json started = shell.client().send("POST", schedulePath(options.name, "/run"), nullptr);
    if (shell.view().table())
        std::cout << fmt::format("{}: a run has started; to see it: bm schedule history {}\n", options.name,
                                 options.name);
    else
        shell.print(started);
    return 0;
}

int next(Shell& shell, const ScheduleOptions& options)
{
    const json answer =
        shell.client().get(schedulePath(options.name, fmt::format("/next?count={}", options.count)));
    if (answer.at("paused").get<bool>())
        std::cerr << "bm: " << options.name << " is paused; it would run at these times\n";
    shell.print(answer.at("next"), {{"LOCAL", "local"}, {"UTC", "at"}});
    return 0;
}

int history(Shell& shell, const ScheduleOptions& options)
{
    const json answer =
        shell.client().get(schedulePath(options.name, fmt::format("/runs?limit={}", options.count)));
    shell.print(answer.at("runs"), {{"DUE", "due_local"},
                                    {"STATE", "state"},
                                    {"IMAGE", "image_name"},
                                    {"ROLLOUT", "rollout_name"},
                                    {"DONE", "nodes/done"},
                                    {"FAILED", "nodes/failed"},
                                    {"SKIPPED", "nodes/skipped"},
                                    {"REASON", "reason/message"},
                                    {"TRIGGER", "trigger", true},
                                    {"STARTED", "started_at", true},
                                    {"FINISHED", "finished_at", true},
                                    {"UUID", "uuid", true}});
    return 0;
}

int remove(Shell& shell, const ScheduleOptions& options)
{
    if (options.names.size() == 1)
        confirmOne("delete schedule " + options.names.front() + " and its history", options.yes);
    confirmMany(fmt::format("delete {} schedules and their history", options.names.size()),
                options.names.size(), options.yes);
    for (const std::string& name : options.names) {
        shell.client().remove(schedulePath(name));
        std::cout << name << ": deleted\n";
    }
    return 0;
}

using Options = std::shared_ptr<ScheduleOptions>;
using ScheduleAction = int (*)(Shell&, const ScheduleOptions&);

void bindAction(CLI::App& command, Shell& shell, const Options& options, ScheduleAction action)
{
    command.callback([&shell, options, action] {
        shell.action = [&shell, options, action] { return action(shell, *options); };
    });
}

void addChanging(CLI::App& schedule, Shell& shell, const Options& options)
{
    CLI::App* creating =
        schedule.add_subcommand("create", "Create a schedule that starts a rollout at given times");
    creating->add_option("name", options->name, "name of the schedule")->required();
    addScheduleOptions(*creating, *options);
    creating->footer(
        "Example:\n  bm schedule create nightly-render --cron \"30 2 * * 1-5\" --tz Europe/Berlin "
        "--image render:stable \\\n      --select class=render --window 4h --if-older-than 6d");
    bindAction(*creating, shell, options, create);
    CLI::App* setting = schedule.add_subcommand("set", "Change the given settings of a schedule");
    setting->add_option("name", options->name, "name or uuid")->required();
    setting->add_option("--rename", options->rename, "new name");
    addScheduleOptions(*setting, *options);
    setting->footer("Example:\n  bm schedule set nightly-render --cron \"0 3 * * 1-5\" --window 3h\n"
                    "The value none removes a setting: --window none");
    bindAction(*setting, shell, options, set);
}

void addVerb(CLI::App& schedule, Shell& shell, const Options& options, const char* word, const char* about)
{
    CLI::App* command = schedule.add_subcommand(word, about);
    command->add_option("names", options->names, "names or uuids")->required();
    command->footer(fmt::format("Example:\n  bm schedule {} nightly-render", word));
    command->callback([&shell, options, word] {
        shell.action = [&shell, options, word] { return verb(shell, *options, word); };
    });
}

void addVerbs(CLI::App& schedule, Shell& shell, const Options& options)
{
    addVerb(schedule, shell, options, "pause", "Pause schedules: they start no run until resumed");
    addVerb(schedule, shell, options, "resume",
            "Resume schedules; runs missed during the pause are not repeated");
    CLI::App* running = schedule.add_subcommand("run", "Start a run now, regardless of the windows");
    running->add_option("name", options->name, "name or uuid")->required();
    running->add_flag("--yes", options->yes, "do not ask");
    running->footer("Example:\n  bm schedule run nightly-render --yes");
    bindAction(*running, shell, options, run);
    CLI::App* removing =
        schedule.add_subcommand("delete", "Delete schedules and their history; a running rollout continues");
    removing->add_option("names", options->names, "names or uuids")->required();
    removing->add_flag("--yes", options->yes, "do not ask");
    removing->footer("Example:\n  bm schedule delete nightly-render");
    bindAction(*removing, shell, options, remove);
}

void addQueries(CLI::App& schedule, Shell& shell, const Options& options)
{
    CLI::App* listing =
        schedule.add_subcommand("list", "List all schedules with the next run and the last result");
    listing->footer("Example:\n  bm schedule list -o wide");
    listing->callback([&shell] { shell.action = [&shell] { return listSchedules(shell); }; });
    CLI::App* showing = schedule.add_subcommand("show", "Show everything about one schedule");
    showing->add_option("name", options->name, "name or uuid")->required();
    showing->footer("Example:\n  bm schedule show nightly-render -o yaml");
    bindAction(*showing, shell, options, show);
    CLI::App* dates = schedule.add_subcommand("next", "List the next runs, in the schedule's time zone");
    dates->add_option("name", options->name, "name or uuid")->required();
    dates->add_option("--count", options->count, "number of runs (default: 10)")->check(CLI::Range(1, 1000));
    dates->footer("Example:\n  bm schedule next nightly-render --count 20");
    bindAction(*dates, shell, options, next);
    CLI::App* past =
        schedule.add_subcommand("history", "List the runs of a schedule and their results, newest first");
    past->add_option("name", options->name, "name or uuid")->required();
    past->add_option("--count", options->count, "number of runs (default: 10)")->check(CLI::Range(1, 1000));
    past->footer("Example:\n  bm schedule history nightly-render");
    bindAction(*past, shell, options, history);
}

} // namespace

void addScheduleCommands(CLI::App& app, Shell& shell)
{
    CLI::App* schedule = app.add_subcommand(
        "schedule",
        "Start rollouts at given times: create, list, show, set, pause, resume, run, next, history, delete");
    schedule->require_subcommand(1);
    schedule->fallthrough();
    const auto options = std::make_shared<ScheduleOptions>();
    addChanging(*schedule, shell, options);
    addVerbs(*schedule, shell, options);
    addQueries(*schedule, shell, options);
}

} // namespace bm::cli
