//! The report in a real headless Chromium, driven over WebDriver. `make test-browser` runs it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// A Chromium under chromedriver; ended with the test.
struct Browser {
    driver: Child,
    session: String,
}

impl Browser {
    fn start() -> Self {
        let mut driver =
            Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines
            .map_while(Result::ok)
            .find_map(|line| {
                line.split_once("started successfully on port ")?.1.trim_end_matches('.').parse::<u16>().ok()
            })
            .expect("chromedriver says its port");
        // A sandbox needs privileges that containers, where tests often run, do not give.
        let options =
            json!({ "args": ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1200,900"] });
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" } } } });
        let base = format!("http://127.0.0.1:{port}/session");
        let created = post(&base, &capabilities);
        let session = format!("{base}/{}", created["sessionId"].as_str().unwrap());
        Self { driver, session }
    }

    fn command(&self, path: &str, body: &Value) -> Value {
        post(&format!("{}/{path}", self.session), body)
    }

    fn open(&self, page: &Path) {
        self.command("url", &json!({ "url": format!("file://{}", page.display()) }));
    }

    /// What a script in the page returns.
    fn run(&self, script: &str) -> Value {
        self.command("execute/sync", &json!({ "script": script, "args": [] }))
    }

    fn cdp(&self, command: &str, parameters: Value) {
        self.command("goog/cdp/execute", &json!({ "cmd": command, "params": parameters }));
    }

    /// Presses keys, as a keyboard does.
    fn press(&self, keys: &[&str]) {
        let actions: Vec<Value> = keys
            .iter()
            .flat_map(|key| [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })])
            .collect();
        self.command("actions", &json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] }));
    }

    /// Errors and warnings on the console since the last time.
    fn complaints(&self) -> Vec<String> {
        let log = self.command("se/log", &json!({ "type": "browser" }));
        log.as_array().unwrap().iter().map(|entry| entry["message"].to_string()).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = ureq::delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

fn post(url: &str, body: &Value) -> Value {
    let config = ureq::Agent::config_builder().http_status_as_error(false).build();
    let mut response = ureq::Agent::new_with_config(config).post(url).send(body.to_string()).unwrap();
    let answer: Value = serde_json::from_str(&response.body_mut().read_to_string().unwrap()).unwrap();
    assert!(answer["value"]["error"].is_null(), "{url} {body}: {answer}");
    answer["value"].clone()
}

fn telltape(folder: &Path, arguments: &[&str]) -> i32 {
    let mut command = Command::new(env!("CARGO_BIN_EXE_telltape"));
    command.args(arguments).current_dir(folder).env_remove("CI").output().unwrap().status.code().unwrap()
}

/// Names that are text and nothing else, whatever they look like.
const HOSTILE: [&str; 4] = [
    "<script>window.hacked=1</script>",
    "</script><img src=x onerror=window.hacked=1>",
    "a\u{202e}b & 'c'",
    "\"quoted\"",
];

/// A project whose report has 20,000 episodes on 200 channels, four of which have hostile names.
fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("data/datasets.toml", "");
    write(
        "experiments/perturbed.toml",
        "title = 'perturbed'\n[generate]\nkind = 'perturbed'\nseed = 42\n[evaluate]\ndetectors = ['never']\n",
    );
    write(
        "experiments/sweep.toml",
        "title = 'sweep'\n[generate]\nkind = 'perturbed'\nseed = 42\n[evaluate.sweep]\naxis = 'scale'\nvalues = [0.5, 1]\n",
    );
    write(
        "experiments/many.toml",
        "title = '<b>many</b>'\n[input]\ntrace = 'many.csv'\ndataset = 'generic'\n[convert]\ntime_col = 't'\n\
         value_col = 'v'\nchannel_col = 'channel'\npre_residualized = true\n[replay]\nengine = 'reference'\n\
         [replay.grammar.plan_regression_onset]\ndrift_threshold = 1e6\n",
    );
    let mut csv = csv::Writer::from_path(folder.path().join("many.csv")).unwrap();
    csv.write_record(["t", "v", "channel"]).unwrap();
    for channel in 0..200_usize {
        let name = HOSTILE.get(channel).map_or_else(|| format!("channel-{channel:03}"), |name| (*name).to_owned());
        for episode in 0..100_u32 {
            for (offset, value) in [(0, "2"), (1, "0"), (7, "0")] {
                csv.write_record([&(episode * 20 + offset).to_string(), value, &name]).unwrap();
            }
        }
    }
    csv.flush().unwrap();
    assert_eq!(telltape(folder.path(), &["run"]), 11);
    assert_eq!(telltape(folder.path(), &["report"]), 0);
    folder
}

#[test]
#[ignore = "needs chromium and chromedriver: make test-browser"]
fn the_report_works_in_a_browser() {
    let folder = project();
    let page = folder.path().join("out/report.html");
    let size = std::fs::metadata(&page).unwrap().len();
    assert!(size < 5_000_000, "{size}");
    let browser = Browser::start();
    browser.open(&page);
    assert_eq!(browser.complaints(), [""; 0]);
    assert_eq!(browser.run("return window.hacked"), Value::Null);
    assert_eq!(browser.run("return performance.getEntriesByType('resource').length"), 0);

    // 20,000 episodes of one experiment and the six of each of the others, 50 at a time.
    let count = || browser.run("return document.getElementById('count').textContent");
    assert_eq!(count(), "20012 of 20012 episodes");
    assert_eq!(browser.run("return document.querySelectorAll('#episode-table tbody tr').length"), 50);
    let set = |id: &str, value: &str| {
        browser.run(&format!(
            "const e = document.getElementById('{id}'); e.value = {}; e.dispatchEvent(new Event('input', {{ bubbles: true }}))",
            json!(value)
        ));
    };
    set("filter-channel", "channel-01");
    assert_eq!(count(), "1000 of 20012 episodes");
    set("filter-channel", "row_lock#");
    assert_eq!(count(), "2 of 20012 episodes");
    set("filter-experiment", "1");
    assert_eq!(count(), "1 of 20012 episodes");
    set("filter-channel", "");
    set("filter-experiment", "");
    set("filter-motif", "2");
    assert_eq!(count(), "4 of 20012 episodes");
    set("filter-motif", "");
    set("filter-channel", "script>");
    assert_eq!(count(), "200 of 20012 episodes", "both names that begin or end a script");
    set("filter-channel", "\\u{202e}");
    assert_eq!(count(), "100 of 20012 episodes");
    set("filter-channel", "");

    // Sorting, of episodes and of a static table.
    let click = |selector: &str| browser.run(&format!("document.querySelector({}).click()", json!(selector)));
    click("#episode-table th:nth-child(6) button");
    click("#episode-table th:nth-child(6) button");
    let longest = "return document.querySelector('#episode-table tbody tr td:nth-child(6)').textContent";
    assert_eq!(browser.run(longest), "1524");
    assert_eq!(
        browser.run("return document.querySelector('#episode-table th:nth-child(6)').getAttribute('aria-sort')"),
        "descending"
    );
    click("#experiments th:nth-child(3) button");
    let samples =
        "return [...document.querySelectorAll('#experiments tbody td:nth-child(3)')].map(c => Number(c.textContent))";
    assert_eq!(browser.run(samples), json!([5966, 5966, 60000]));

    // From an episode to its residuals, by mouse and by keyboard.
    click("#episode-table tbody tr:first-child button");
    let detail = "const d = document.getElementById('detail'); return [d.hidden, d.querySelector('h3')?.textContent, d.querySelectorAll('polyline').length]";
    assert_eq!(browser.run(detail), json!([false, "plan_regression_onset on q42", 1]));
    browser.run("document.getElementById('next').focus()");
    browser.press(&["\u{e007}"]);
    assert_eq!(browser.run("return document.getElementById('page').textContent"), "page 2 of 401");
    browser.run("document.getElementById('filter-channel').focus()");
    // Over the scrolling box and seven headers to the first episode.
    browser.press(&["\u{e004}"; 9]);
    assert_eq!(browser.run("return document.activeElement.closest('tr')?.dataset.episode !== undefined"), true);
    browser.press(&["\u{e007}"]);
    assert_eq!(browser.run("return document.activeElement.id"), "detail");

    // Figures, the verdict and the tables of scores are there.
    assert_eq!(browser.run("return document.querySelectorAll('figure svg').length"), 4);
    assert_eq!(browser.run("return document.querySelector('.banner h2').textContent"), "Same, as far as compared");
    assert_eq!(browser.run("return document.querySelectorAll('#scores details').length"), 1);

    // Dark and light, and the width of a phone.
    let page_color = "return getComputedStyle(document.body).backgroundColor";
    let light = browser.run(page_color);
    click("#theme");
    assert_ne!(browser.run(page_color), light);
    browser.cdp(
        "Emulation.setDeviceMetricsOverride",
        json!({ "width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": true }),
    );
    assert_eq!(browser.run("return document.documentElement.scrollWidth"), 390);
    assert_eq!(browser.complaints(), [""; 0]);
}
