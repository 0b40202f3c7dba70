#!/usr/bin/env python3
"""Runs a plan on a real cluster of this machine, kills a worker in the middle, and compares the merge with a single run.

    cluster.py TELLTAPE ENGINE FOLDER [--tapes DIR] [--shards N]

ENGINE is dask, dask-cut (scheduler and a worker in network namespaces, whose link is cut), spark or slurm. Everything is started
and ended here, on loopback; FOLDER is made anew. With --tapes it is a fleet: timed, and nobody is killed.
"""
import argparse
import filecmp
import itertools
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent.parent
CONTRIB = HERE / "contrib"
STARTED = []


def start(command, **more):
    process = subprocess.Popen(command, stdout=open(LOG, "ab"), stderr=subprocess.STDOUT, start_new_session=True, **more)
    STARTED.append(process)
    return process


def stop_all():
    for process in STARTED:
        for pid in [*descendants(process.pid), process.pid]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        process.wait()


def descendants(pid):
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()
    return [below for child in map(int, found) for below in [*descendants(child), child]]


def ancestors(pid):
    while pid > 1:
        yield pid
        pid = int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])


def wait_for(what, condition, seconds=90):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            sys.exit(f"{what} does not come; see {LOG}\n" + pathlib.Path(LOG).read_text()[-2000:])
        time.sleep(0.1)


def listens(port, host="127.0.0.1"):
    import socket

    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((host, port)) == 0


def telltape(*arguments, check=True):
    return subprocess.run([TELLTAPE, *map(str, arguments)], stdout=subprocess.PIPE, text=True, check=check)


class Engine:
    def worker_of(self, pid, chain):
        """The engine's own process that started a shard's."""
        ours = {process.pid for process in STARTED}
        return next(above for above in chain if above in ours)


class Dask(Engine):
    """A scheduler and two workers, each a process."""

    def __init__(self):
        self.dask = str(pathlib.Path(sys.executable).parent / "dask")
        start([self.dask, "scheduler", "--host", "127.0.0.1", "--port", "18786", "--no-dashboard"])
        wait_for("the scheduler", lambda: listens(18786))
        self.workers = [
            start([self.dask, "worker", "tcp://127.0.0.1:18786", "--nthreads", "1", "--no-nanny", "--no-dashboard"], cwd=FOLDER)
            for _ in range(2)
        ]

    def command(self, program):
        return [sys.executable, CONTRIB / "dask/run.py", "tcp://127.0.0.1:18786", PLAN, TAPES, DONE, program]


class DaskCut(Dask):
    """A worker in a network namespace of its own, whose link is cut; another one beside the scheduler."""

    def __init__(self):
        self.dask = str(pathlib.Path(sys.executable).parent / "dask")
        commands = ["ip netns add tt-a", "ip netns add tt-b", "ip link add tt-va netns tt-a type veth peer name tt-vb netns tt-b"]
        for space, address in (("a", "10.99.99.1/24"), ("b", "10.99.99.2/24")):
            run = f"ip netns exec tt-{space} ip"
            commands += [f"{run} addr add {address} dev tt-v{space}", f"{run} link set tt-v{space} up", f"{run} link set lo up"]
        for command in commands:
            subprocess.run(command.split(), check=True)
        self.inside = ["ip", "netns", "exec", "tt-a"]
        ttl = {**os.environ, "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "5s"}
        start([*self.inside, self.dask, "scheduler", "--host", "10.99.99.1", "--port", "18786", "--no-dashboard"], env=ttl)
        wait_for("the scheduler", lambda: "Scheduler at" in pathlib.Path(LOG).read_text())
        worker = [self.dask, "worker", "tcp://10.99.99.1:18786", "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        self.far = start(["ip", "netns", "exec", "tt-b", *worker], cwd=FOLDER)
        self.near = start([*self.inside, *worker], cwd=FOLDER)

    def command(self, program):
        return [*self.inside, sys.executable, CONTRIB / "dask/run.py", "tcp://10.99.99.1:18786", PLAN, TAPES, DONE, program]

    def cut(self):
        subprocess.run("ip netns exec tt-b ip link set tt-vb down".split(), check=True)

    @staticmethod
    def remove():
        for space in ("a", "b"):
            subprocess.run(["ip", "netns", "del", f"tt-{space}"], stderr=subprocess.DEVNULL)


class Spark(Engine):
    """A standalone master and two workers of one core."""

    def __init__(self):
        import pyspark

        home = pathlib.Path(pyspark.__file__).parent
        self.submit = home / "bin/spark-submit"
        self.environment = {
            **os.environ,
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_NO_DAEMONIZE": "1",
            "PYSPARK_PYTHON": sys.executable,
            "SPARK_HOME": str(home),
            "SPARK_WORKER_DIR": str(FOLDER / "spark"),
        }
        run = [home / "bin/spark-class"]
        deploy = "org.apache.spark.deploy"
        start([*run, f"{deploy}.master.Master", "--host", "127.0.0.1", "--port", "17077", "--webui-port", "0"], env=self.environment)
        wait_for("the master", lambda: listens(17077))
        for _ in range(2):
            start([*run, f"{deploy}.worker.Worker", "--host", "127.0.0.1", "--webui-port", "0", "--cores", "1", "--memory", "1g",
                   "spark://127.0.0.1:17077"], env=self.environment)

    def command(self, program):
        os.environ.update(self.environment)
        return [self.submit, "--master", "spark://127.0.0.1:17077", "--conf", "spark.executor.memory=512m", "--conf",
                "spark.driver.bindAddress=127.0.0.1", "--conf", "spark.driver.host=127.0.0.1", CONTRIB / "spark/run.py", PLAN, TAPES,
                DONE, program]


class Slurm(Engine):
    """A controller and two nodes of one core, all on this host."""

    def __init__(self):
        state = FOLDER / "slurm"
        for name in ("ctld", "d1", "d2", "munge"):
            (state / name).mkdir(parents=True)
        self.conf = state / "slurm.conf"
        key = state / "munge/munge.key"
        key.write_bytes(os.urandom(128))
        for path, mode in ((key, 0o400), (state / "munge", 0o711), (state, 0o755), (FOLDER, 0o755)):
            path.chmod(mode)
        socket = state / "munge/socket"
        start(["munged", "--foreground", "--force", f"--key-file={key}", f"--socket={socket}", f"--pid-file={state}/munge/pid",
               f"--log-file={state}/munge/log", f"--seed-file={state}/munge/seed"])
        wait_for("munge", socket.exists)
        host = os.uname().nodename
        self.conf.write_text(f"""ClusterName=tt
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket={socket}
CryptoType=crypto/munge
SlurmctldPort=16817
SlurmctldPidFile={state}/ctld.pid
SlurmdPidFile={state}/%n.pid
SlurmdSpoolDir={state}/d-%n
StateSaveLocation={state}/ctld
SlurmctldLogFile={state}/ctld.log
SlurmdLogFile={state}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1
SlurmdTimeout=10
MaxArraySize=20000
MaxJobCount=20000
ReturnToService=2
JobRequeue=1
NodeName=tt[1-2] NodeHostname={host} NodeAddr=127.0.0.1 Port=[16818-16819] CPUs=1 State=UNKNOWN
PartitionName=all Nodes=tt[1-2] Default=YES MaxTime=INFINITE State=UP
""")
        os.environ["SLURM_CONF"] = str(self.conf)
        start(["slurmctld", "-D", "-f", str(self.conf)])
        self.nodes = {node: start(["slurmd", "-D", "-f", str(self.conf), "-N", node]) for node in ("tt1", "tt2")}
        idle = lambda: subprocess.run(["sinfo", "-h", "-o", "%T %D"], capture_output=True, text=True).stdout.strip() == "idle 2"
        wait_for("two idle nodes", idle)

    def worker_of(self, pid, chain):
        # The daemon of the step is nobody's child: the node's name is in the environment of the shard.
        environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        node = next(pair for pair in environment if pair.startswith(b"SLURMD_NODENAME=")).split(b"=")[1].decode()
        return self.nodes[node].pid

    def command(self, program):
        os.environ["TELLTAPE"] = program
        return [CONTRIB / "slurm/submit.sh", PLAN, TAPES, DONE]


ENGINES = {"dask": Dask, "dask-cut": DaskCut, "spark": Spark, "slurm": Slurm}


def stopping_program():
    """A telltape that, the first time that it is started, stops while half of a shard is written."""
    shim = FOLDER / "shim.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", shim, HERE / "tests/torture/shim.c", "-ldl"], check=True)
    program = FOLDER / "telltape"
    program.write_text(f"""#!/bin/sh
if [ "$2" = run ] && mkdir {FOLDER}/first 2>/dev/null; then
    echo $$ > {FOLDER}/first/pid
    export LD_PRELOAD={shim} FAULT_ROOT={DONE} FAULT_MODE=stop FAULT_AT=3
fi
exec {TELLTAPE} "$@"
""")
    program.chmod(0o755)
    return str(program)


def half_written():
    """The process that has stopped with a temporary file in its hands."""
    at = FOLDER / "first/pid"
    wait_for("a half written shard", lambda: at.exists() and any(DONE.glob(".*.telltape-part")))
    pid = int(at.read_text())
    wait_for("the stop", lambda: "\nState:\tT" in pathlib.Path(f"/proc/{pid}/status").read_text())
    return pid


def merge():
    merged = FOLDER / "merged"
    shutil.rmtree(merged, ignore_errors=True)
    began = time.monotonic()
    telltape("shard", "merge", "--plan", PLAN, "--in", DONE, "--out", merged, "--quiet")
    took = time.monotonic() - began
    compared = filecmp.dircmp(FOLDER / "single", merged)
    names = sorted(os.listdir(FOLDER / "single"))
    assert not compared.left_only and not compared.right_only, (compared.left_only, compared.right_only)
    for name in names:
        same = filecmp.cmp(FOLDER / "single" / name / "episodes.csv", merged / name / "episodes.csv", shallow=False)
        assert same, f"{name} differs"
    return len(names), took


def main():
    global TELLTAPE, FOLDER, TAPES, PLAN, DONE, LOG
    parser = argparse.ArgumentParser()
    parser.add_argument("telltape")
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("folder")
    parser.add_argument("--tapes")
    parser.add_argument("--shards", default="8")
    arguments = parser.parse_args()
    TELLTAPE = os.path.abspath(arguments.telltape)
    FOLDER = pathlib.Path(arguments.folder).absolute()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    LOG, PLAN, DONE = str(FOLDER / "log"), FOLDER / "plan.json", FOLDER / "done"
    DONE.mkdir()
    fleet = arguments.tapes is not None
    TAPES = pathlib.Path(arguments.tapes).absolute() if fleet else FOLDER / "tapes"
    for seed in range(0 if fleet else 16):
        telltape("generate", "perturbed", "--seed", seed, "--tape", TAPES / f"t{seed}.jsonl", "--quiet")
    times = {}
    began = time.monotonic()
    telltape("replay", *sorted(TAPES.glob("*.jsonl")), "--out", FOLDER / "single", "--quiet")
    times["single process"] = time.monotonic() - began
    began = time.monotonic()
    telltape("shard", "plan", "--root", TAPES, "*.jsonl", "--shards", arguments.shards, "--plan", PLAN, "--quiet")
    times["plan"] = time.monotonic() - began
    try:
        engine = ENGINES[arguments.engine]()
        program = TELLTAPE if fleet else stopping_program()
        began = time.monotonic()
        submitted = start([str(part) for part in engine.command(program)])
        if arguments.engine == "dask-cut":
            pid = half_written()
            engine.cut()
            # Perhaps it is the near worker's: it goes on. The far one's ends some time, and is harmless.
            os.kill(pid, signal.SIGCONT)
        elif not fleet:
            pid = half_written()
            chain = list(ancestors(pid))
            worker = engine.worker_of(pid, chain)
            # Nothing above the worker, and nothing of ours, where the step's daemon is nobody's child.
            between = itertools.takewhile(lambda above: above not in (1, worker, os.getpid()), chain)
            victims = [worker, *descendants(worker), *between]
            print(f"killing the half written shard {pid} and its worker {worker}", flush=True)
            for victim in victims:
                try:
                    os.kill(victim, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        code = submitted.wait(timeout=1800)
        times["engine"] = time.monotonic() - began
        if code != 0 or telltape("shard", "plan", "--only", DONE, "--plan", PLAN).stdout:
            assert not fleet, pathlib.Path(LOG).read_text()[-2000:]
            print(f"the engine ended with {code}; submitting again, which resumes", flush=True)
            again = start([str(part) for part in engine.command(program)])
            assert again.wait(timeout=600) == 0, pathlib.Path(LOG).read_text()[-2000:]
        count, times["merge"] = merge()
        left = list(DONE.glob(".*.telltape-part"))
        assert not left, left
        shards = json.loads(PLAN.read_text())["shards"]
        written = sum(path.stat().st_size for path in DONE.iterdir())
        read = sum(shard["bytes"] for shard in shards)
        spent = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in times.items())
        print(f"{arguments.engine}: {count} tapes in {len(shards)} shards, the merge is the single run; {spent}; "
              f"{read / 1e6:.0f} MB read, {written / 1e6:.1f} MB of shards", flush=True)
    finally:
        stop_all()
        if arguments.engine == "dask-cut":
            DaskCut.remove()


main()
