"""Compares the speed of codanet with that of PyTorch in its fastest setting.

Every round measures each task with codanet and then with each setting of PyTorch, so that other load on the machine affects all alike.
The best round of each counts. All measurements go to a JSON file with the machine and the versions. The table goes to standard output.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[1]
SETTINGS = {
    "original": ["--style", "original"],
    "original-compiled": ["--style", "original", "--compile"],
    "patch": ["--style", "patch", "--channels-last"],
    "patch-compiled": ["--style", "patch", "--channels-last", "--compile"],
    "patch-compiled-cached": ["--style", "patch", "--channels-last", "--compile", "--cached"],
}

DJL = "libtorch through DJL"


class Peer:
    """A peer in its own process, which compiles once and sleeps between measurements."""

    def __init__(self, name, command):
        self.name = name
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    @classmethod
    def torch(cls, setting, options):
        return cls(f"torch {setting}", [
            sys.executable, str(HERE / "torch_peer.py"), *SETTINGS[setting], "--model", options.model,
            "--precision", options.precision, "--threads", str(options.threads), "--device", options.peer_device])

    @classmethod
    def djl(cls, options):
        return cls(DJL, [str(HERE / "djl/run"), sys.executable, options.model, str(options.threads)])

    def ask(self, **request):
        try:
            print(json.dumps(request), file=self.process.stdin, flush=True)
            return self.process.stdout.readline()
        except BrokenPipeError:
            return ""

    def wait(self):
        """Returns when the process has started and is idle."""
        self.ask(what="ready")

    def measure(self, what, batch, seconds):
        answer = self.ask(what=what, batch=batch, seconds=seconds)
        line = json.loads(answer) if answer else dict(error="the process ended (out of memory, or no torch?)", what=what, batch=batch)
        return dict(line, who=self.name)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Codanet:
    """The command `codanet bench`. Every measurement starts a new process, as a user would."""

    name = "codanet"

    def __init__(self, options):
        self.options = options

    def measure(self, what, batch, seconds):
        o = self.options
        command = [str(TOP / "bin/codanet"), "bench", "--what", what, "--model", o.model, "--batches", str(batch), "--threads",
                   str(o.threads), "--precision", o.precision, "--device", o.device, "--seconds", str(seconds), "--json"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        if done.returncode or len(lines) != 1:
            said = (done.stderr.strip().splitlines() or ["no measurement printed"])[-1]
            return dict(who=self.name, what=what, batch=batch, error=said[:200])
        return dict(lines[0], who=self.name)

    def wait(self):
        pass

    def close(self):
        pass


def machine(options):
    """What a reader needs to compare results of different machines."""
    processor = platform.processor()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as info:
            processor = next((line.split(":", 1)[1].strip() for line in info if line.startswith("model name")), processor)
    import numpy
    import torch
    return dict(processor=processor, cores=len(os.sched_getaffinity(0)), system=f"{platform.system()} {platform.release()}",
                load_before=os.getloadavg()[0], python=platform.python_version(), torch=torch.__version__, numpy=numpy.__version__,
                codanet=said(["git", "-C", str(TOP), "rev-parse", "--short", "HEAD"]),
                codanet_version=said([str(TOP / "bin/codanet"), "--version"]).splitlines(),
                date=datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
                options={k: v for k, v in vars(options).items() if k != "out"})


def said(command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def best(measurements, who, what, batch):
    rounds = [m for m in measurements if m["who"] == who and m["what"] == what and m["batch"] == batch and "error" not in m]
    return max(rounds, key=lambda m: m["images_per_s"], default=None)


def rounded(measurement, key):
    if not measurement:
        return "failed"
    return f"{measurement[key]:.1f}" if measurement[key] < 100 else f"{measurement[key]:.0f}"


def table(measurements, peers, options):
    """One row per task: codanet, the fastest setting of PyTorch and its name, the ratio of speeds, and the peak memory of both."""
    yield "| what | batch | codanet images/s | best of PyTorch | setting | ratio | codanet MiB | PyTorch MiB | share of peak |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for what in options.what:
        for batch in options.batches:
            ours = best(measurements, "codanet", what, batch)
            theirs = max((m for m in (best(measurements, f"torch {p}", what, batch) for p in peers) if m),
                         key=lambda m: m["images_per_s"], default=None)
            ratio = f"{ours['images_per_s'] / theirs['images_per_s']:.2f}" if ours and theirs else "-"
            cells = [what, str(batch), rounded(ours, "images_per_s"), rounded(theirs, "images_per_s"),
                     theirs["who"].removeprefix("torch ") if theirs else "-", ratio, rounded(ours, "peak_native_mib"),
                     rounded(theirs, "peak_mib"), f"{ours['share_of_peak']:.0%}" if ours else "-"]
            yield "| " + " | ".join(cells) + " |"


def djl_table(measurements, options):
    """The same for libtorch in a JVM, through DJL."""
    yield f"| what | batch | codanet images/s | {DJL} | ratio | its MiB |"
    yield "|---|---|---|---|---|---|"
    for what in options.what:
        for batch in options.batches:
            ours = best(measurements, "codanet", what, batch)
            theirs = best(measurements, DJL, what, batch)
            if theirs:
                ratio = f"{ours['images_per_s'] / theirs['images_per_s']:.2f}" if ours else "-"
                yield "| " + " | ".join([what, str(batch), rounded(ours, "images_per_s"), rounded(theirs, "images_per_s"), ratio,
                                         rounded(theirs, "peak_mib")]) + " |"


def numbers(text):
    return [int(n) for n in text.split(",")]


def main():
    parser = argparse.ArgumentParser(prog="bench/peers/run", description=__doc__,
                                     formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--what", type=lambda s: s.split(","), default=["forward", "explain", "explain_all", "train"])
    parser.add_argument("--model", default="9L-S-CoDA-SQ-1000", help="an experiment that both know")
    parser.add_argument("--batches", type=numbers, default=[1, 16])
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--precision", default="fp32", choices=["fp32", "tf32", "bf16"])
    parser.add_argument("--settings", type=lambda s: s.split(","), default=list(SETTINGS), help="of the peer")
    parser.add_argument("--djl", action="store_true", help=f"also measure {DJL} (float32; no training), fetched from Maven Central")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each measurement, after its warm-up")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--device", default="cpu", help="of codanet")
    parser.add_argument("--peer-device", default="cpu", help="of PyTorch")
    parser.add_argument("--out", type=pathlib.Path, help="results file; by default bench/results/MODEL-PRECISION-DATE.json")
    options = parser.parse_args()
    unknown = set(options.settings) - set(SETTINGS)
    if unknown:
        parser.error(f"no such setting: {' '.join(sorted(unknown))}; there are {' '.join(SETTINGS)}")
    if any("compile" in s for s in options.settings) and not shutil.which("g++"):
        parser.error("torch.compile needs g++ (Debian: apt-get install g++), or leave its settings out with --settings")

    if options.djl and (options.precision != "fp32" or options.peer_device != "cpu"):
        parser.error(f"{DJL} is measured with --precision fp32 on the CPU")

    header = machine(options)
    contestants = [Codanet(options)] + [Peer.torch(name, options) for name in options.settings]
    if options.djl:
        contestants.append(Peer.djl(options))
    measurements = []
    try:
        for contestant in contestants:
            contestant.wait()
        for number in range(options.rounds):
            for what in options.what:
                for batch in options.batches:
                    for contestant in contestants:
                        m = contestant.measure(what, batch, options.seconds)
                        measurements.append(dict(m, round=number + 1))
                        print(f"round {number + 1}  {what} {batch}  {m['who']}: {m.get('images_per_s', m.get('error'))}",
                              file=sys.stderr, flush=True)
    finally:
        for contestant in contestants:
            contestant.close()
    header["load_after"] = os.getloadavg()[0]
    rows = list(table(measurements, options.settings, options))
    if options.djl:
        rows += ["", *djl_table(measurements, options)]
    stamp = header["date"][:19].replace(":", "")
    out = options.out or TOP / "bench/results" / f"{options.model}-{options.precision}-{stamp}.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(dict(schema="codanet.compare/1", machine=header, table=rows, measurements=measurements), indent=1) + "\n")
    print("\n".join(rows))
    print(f"written: {out}", file=sys.stderr)
    if any(m["who"] == "codanet" and "error" in m for m in measurements):
        sys.exit(1)


if __name__ == "__main__":
    main()
