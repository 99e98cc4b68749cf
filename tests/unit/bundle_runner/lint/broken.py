"""Broken bundles. A comment `# B301: words` marks the line of a finding, and words of its sentence.

TASKS stand beside a sound task `a`, whose body is the anchor `n`; JOBS are fields of a job with that task alone.
BUNDLES stand for themselves; a line `=== name` begins a further file.
"""

from __future__ import annotations

TASKS = {
    "a misspelt field": "- {task_key: b, notebook_task: *n, max_retry: 1}  # B101: task b has no field max_retry, so it would be dropped; did you mean max_retries?",
    "a list where a mapping is wanted": "- {task_key: b, notebook_task: [a]}  # B102: notebook_task must be a mapping, got a list",
    "a word where a number is wanted": "- {task_key: b, notebook_task: *n, max_retries: many}  # B102: max_retries must be a whole number of at least -1, got 'many'",
    "an unknown choice": "- {task_key: b, notebook_task: *n, depends_on: [{task_key: a}], run_if: ALL_SUCCEEDED}  # B103: run_if cannot be 'ALL_SUCCEEDED', it would be refused; did you mean ALL_SUCCESS?",
    "a required field is missing": "- {task_key: b, run_job_task: {}}  # B104: run_job_task needs job_id",
    "a number that is written anew": "- {task_key: b, run_job_task: {job_id: 1, job_parameters: {rate: 1.50}}}  # B105: 1.50 would arrive as \"1.5\"; quote it",
    "a number out of range": "- {task_key: b, for_each_task: {inputs: '[1]', concurrency: 500, task: {task_key: c, notebook_task: {<<: *n, base_parameters: {day: '{{input}}'}}}}}  # B106: concurrency must be a whole number 1 to 100, got 500",
    "a fact that does not exist": "- {task_key: b, notebook_task: {<<: *n, base_parameters: {day: '{{job.start_time.iso_dat}}'}}}  # B204: start_time needs one of its forms; did you mean iso_date?",
    "a misspelt namespace": "- {task_key: b, notebook_task: {<<: *n, base_parameters: {day: '{{jobs.run_id}}'}}}  # B204: jobs is unknown; did you mean job?",
    "a value of an unknown task": "- {task_key: bcd, notebook_task: {<<: *n, base_parameters: {day: '{{tasks.bdc.values.x}}'}}}  # B205: names a task that does not exist; did you mean bcd?",
    "a value of a task that is not upstream": "- {task_key: b, notebook_task: {<<: *n, base_parameters: {day: '{{tasks.a.values.x}}'}}}  # B206: a need not have ended by then; add it to depends_on",
    "an unknown job parameter": "- {task_key: b, notebook_task: {<<: *n, base_parameters: {day: '{{job.parameters.dya}}'}}}  # B207: job main has no such parameter",
    "an input outside of a loop": "- {task_key: b, notebook_task: {<<: *n, base_parameters: {day: '{{input}}'}}}  # B208: inside for_each_task only",
    "a task that is written twice": "- {task_key: a, notebook_task: *n}  # B301: task_key a stands here and in line 7; the CLI would merge",
    "a choice in small letters": "- {task_key: b, notebook_task: *n, depends_on: [{task_key: a}], run_if: all_done}  # B103: did you mean ALL_DONE?",
    "an unknown dependency": "- {task_key: bcd, notebook_task: *n, depends_on: [{task_key: bdc}]}  # B302: task bcd depends on bdc, which does not exist",
    "a dependency on itself": "- {task_key: b, notebook_task: *n, depends_on: [{task_key: b}]}  # B303: depends on itself",
    "an outcome of a notebook": "- {task_key: b, notebook_task: *n, depends_on: [{task_key: a, outcome: 'true'}]}  # B305: a is no condition",
    "run_if without a dependency": "- {task_key: b, notebook_task: *n, run_if: ALL_DONE}  # B306: run_if says nothing without depends_on",
    "a dependency that is written twice": "- {task_key: b, notebook_task: *n, depends_on: [{task_key: a}, {task_key: a}]}  # B307: depends on a twice",
    "a dependency inside a loop": "- {task_key: b, for_each_task: {inputs: '[1]', task: {task_key: c, notebook_task: {<<: *n, base_parameters: {day: '{{input}}'}}, depends_on: [{task_key: a}]}}}  # B309: write it at b",
    "a task without a type": "- {task_key: b}  # B401: task b has no type",
    "a task with two types": "- {task_key: b, notebook_task: *n, condition_task: {op: EQUAL_TO, left: '1', right: '1'}}  # B402: condition_task and notebook_task; make two tasks of it",
    "a loop in a loop": "- {task_key: b, for_each_task: {inputs: '[1]', task: {task_key: c, for_each_task: {inputs: '[1]', task: {task_key: d, notebook_task: {<<: *n, base_parameters: {day: '{{input}}'}}}}}}}  # B403: does not nest",
    "a condition that is retried": "- {task_key: b, condition_task: {op: EQUAL_TO, left: '1', right: '1'}, max_retries: 2}  # B404: a condition is not retried",
    "an unknown cluster": "- {task_key: b, notebook_task: *n, job_cluster_key: mian}  # B405: job_cluster_key mian is not among job_clusters",
    "an unknown environment": "- {task_key: b, notebook_task: *n, environment_key: defualt}  # B406: environment_key defualt is not among environments",
    "two places to run": "- {task_key: b, notebook_task: *n, existing_cluster_id: x, new_cluster: {num_workers: 1}}  # B407: existing_cluster_id and new_cluster; keep one",
    "inputs that are no JSON": "- {task_key: b, for_each_task: {inputs: 'a,b', task: {task_key: c, notebook_task: {<<: *n, base_parameters: {day: '{{input}}'}}}}}  # B409: inputs must be a JSON list",
    "a loop that asks for no input": "- {task_key: b, for_each_task: {inputs: '[1]', task: {task_key: c, notebook_task: {<<: *n, base_parameters: {day: input}}}}}  # B421: task b: every turn does the same; give its task {{input}}",
    "seconds between retries": "- {task_key: b, notebook_task: *n, max_retries: 2, min_retry_interval_millis: 60}  # B424: min_retry_interval_millis 60 is less than a second",
    "a limit beyond the job's": "- {task_key: b, notebook_task: *n, timeout_seconds: 601}  # B425: task b: timeout_seconds 601 never counts, the whole job is stopped after 600\ntimeout_seconds: 600",
    "a Python file that runs nowhere": "- {task_key: b, spark_python_task: {python_file: plain.py}}  # B410: needs environment_key or a cluster",
    "a blank in a key": "- {task_key: 'b c', notebook_task: *n}  # B413: only up to 100 letters, digits, - and _",
    "a size that is said twice": "- {task_key: b, notebook_task: *n, new_cluster: {num_workers: 2, autoscale: {min_workers: 1, max_workers: 2}}}  # B414: keep one",
    "an interval without retries": "- {task_key: b, notebook_task: *n, min_retry_interval_millis: 1000}  # B415: no effect without max_retries",
    "a size of a word": "- {task_key: b, condition_task: {op: GREATER_THAN, left: many, right: '0'}}  # B416: compares numbers, and left is 'many'",
    "a job that runs itself": "- {task_key: b, run_job_task: {job_id: '${resources.jobs.main.id}'}}  # B417: job main runs itself: one run would start the next",
    "more workers at least than at most": "- {task_key: b, notebook_task: *n, new_cluster: {autoscale: {min_workers: 8, max_workers: 2}}}  # B418: min_workers 8 is more than max_workers 2",
    "no workers": "- {task_key: b, notebook_task: *n, new_cluster: {num_workers: 0, spark_conf: {spark.master: 'local[*]'}}}  # B422: spark_conf does not say spark.databricks.cluster.profile: singleNode",
    "no workers, and no tag": "- {task_key: b, notebook_task: *n, new_cluster: {num_workers: 0, spark_conf: {spark.master: 'local[*, 4]', spark.databricks.cluster.profile: singleNode}}}  # B422: custom_tags does not say ResourceClass: SingleNode",
    "a version as people say it": "- {task_key: b, notebook_task: *n, new_cluster: {num_workers: 1, spark_version: 15.4 LTS}}  # B423: spark_version '15.4 LTS' is no version of the runtime",
    "a version without its x": "- {task_key: b, notebook_task: *n, new_cluster: {num_workers: 1, spark_version: 15.4-scala2.12}}  # B423: say it as 15.4.x-scala2.12",
    "libraries without a cluster": "- {task_key: b, notebook_task: *n, libraries: [{pypi: {package: x}}]}  # B412: task b: a notebook without a cluster runs serverless and takes no libraries",
    "a job's name as its id": "- {task_key: b, run_job_task: {job_id: daily}}  # B419: say ${resources.jobs.daily.id}",
    "a brace that is not closed": "- {task_key: b, notebook_task: {<<: *n, base_parameters: {day: '{{job.run_id}'}}}  # B211: say {{job.run_id}}",
    "a reference of the run in the CLI's braces": "- {task_key: b, notebook_task: {<<: *n, base_parameters: {day: '${job.run_id}'}}}  # B211: say {{job.run_id}}",
    "names where entries are wanted": "- {task_key: b, notebook_task: {<<: *n, base_parameters: {day: '{{tasks.a.run_id}}'}}, depends_on: [a]}  # B102: an entry of depends_on must be a mapping, got 'a'",
    "a folder as a notebook": "- {task_key: b, notebook_task: {notebook_path: .}}  # B005: it is a folder",
    "a value that its notebook never sets": "- {task_key: b, depends_on: [{task_key: s}], condition_task: {op: EQUAL_TO, left: '{{tasks.s.values.wrk}}', right: ''}}  # N113: source.py of task s never sets wrk; did you mean work?\n- {task_key: s, notebook_task: {notebook_path: source.py}}",
    "a notebook that is not there": "- {task_key: b, notebook_task: {notebook_path: aa.ipynb}}  # B005: aa.ipynb does not exist; did you mean a.ipynb?",
    "a path without its ending": "- {task_key: b, notebook_task: {notebook_path: ./a}}  # B005: did you mean a.ipynb?",
    "a Jupyter notebook as a plain file": "- {task_key: b, spark_python_task: {python_file: a.ipynb}, existing_cluster_id: x}  # B008: a.ipynb is a notebook",
    "a month that is written anew": "- {task_key: b, run_job_task: {job_id: 1, job_parameters: {month: 08, at: 12:30, day: 2011-01-04}}}  # B105: 08 would arrive as \"8\"",
    "a number in base 16 out of range": "- {task_key: b, for_each_task: {inputs: '[1]', concurrency: 0x1F4, task: {task_key: c, notebook_task: {<<: *n, base_parameters: {day: '{{input}}'}}}}}  # B106: got 0x1F4",
    "a plain file as a notebook": "- {task_key: b, notebook_task: {notebook_path: plain.py}}  # B008: plain.py is no notebook",
    "a notebook as a plain file": "- {task_key: b, spark_python_task: {python_file: source.py}, existing_cluster_id: x}  # B008: source.py is a notebook",
    "a parameter that the notebook does not declare": "- {task_key: b, notebook_task: {<<: *n, base_parameters: {dya: ''}}}  # N103: a.ipynb does not declare dya, so the value would be lost; did you mean day?",
    "a parameter that the notebook never mentions": "- {task_key: b, notebook_task: {notebook_path: source.py, base_parameters: {dya: ''}}}  # N112: source.py never mentions dya, so the value would be lost; did you mean day?",
}  # fmt: skip

JOBS = {
    "a zone that does not exist": "schedule: {quartz_cron_expression: '0 0 5 * * ?', timezone_id: Europe/Londn}  # B501: did you mean Europe/London?",
    "five fields of cron": "schedule: {quartz_cron_expression: '30 5 * * 1', timezone_id: UTC}  # B502: Unix cron has five fields, Quartz six, seconds first: \"0 30 5 ? * 1\"",
    "an hour that does not exist": "schedule: {quartz_cron_expression: '0 0 25 * * ?', timezone_id: UTC}  # B502: hours must be 0 to 23, got 25",
    "both days of cron": "schedule: {quartz_cron_expression: '0 0 5 * * MON', timezone_id: UTC}  # B502: exactly one of day of month",
    "a trigger of two kinds": "trigger: {periodic: {interval: 1, unit: DAYS}, file_arrival: {url: /Volumes/a/b/c}}  # B506: got periodic and file_arrival",
    "a mount that is watched": "trigger: {file_arrival: {url: /mnt/inbox/}}  # B507: watches a volume or an external location, got '/mnt/inbox/'",
    "a folder of DBFS that is watched": "trigger: {file_arrival: {url: 'dbfs:/mnt/inbox/'}}  # B507: got 'dbfs:/mnt/inbox/'",
    "a webhook by its address": "webhook_notifications: {on_failure: [{id: 'https://hooks.example.com/x'}]}  # B108: job main: on_failure wants the id of a notification destination",
    "a pause in the job": "continuous: {pause_status: PAUSED}  # B504: holds in every target",
    "no run at a time": "max_concurrent_runs: 0  # B505: every run is skipped",
    "an unused cluster": "job_clusters: [{job_cluster_key: old, new_cluster: {num_workers: 1}}]  # B411: no task uses job_cluster_key old",
    "a permission of another kind": "permissions: [{level: CAN_RUN, group_name: users}]  # B103: level cannot be 'CAN_RUN'",
    "two who run": "run_as: {user_name: a, service_principal_name: b}  # B604: run_as names one of",
    "an unclosed reference": "description: ${workspace.host  # B211: say ${workspace.host}",
    "braces of a workflow elsewhere": "description: ${{ bundle.name }}  # B211: say ${bundle.name}",
    "a permission for nobody": "permissions: [{level: CAN_VIEW}]  # B604: got none",
    "an unknown variable": "description: ${var.catlog}  # B201: catlog is unknown",
    "an unknown root": "description: ${vars.catlog}  # B201: vars is no root; did you mean var?",
    "an unknown resource": "description: ${resources.jobs.mian.id}  # B201: mian is not among its jobs; did you mean main?",
    "an unknown kind of resource": "description: ${resources.job.main.id}  # B201: the bundle has no job; did you mean jobs?",
    "an unknown field of the workspace": "description: ${workspace.root_pth}  # B201: root_pth is unknown; did you mean root_path?",
    "an unknown field of the user": "description: ${workspace.current_user.username}  # B201: did you mean userName?",
    "a secret in the bundle": "tags: {token: dapi0123456789abcdef0123456789abcdef}  # B107: this looks like a Databricks token",
    "a key without quotes": "tags: {spark.hadoop.fs.s3a.secret.key: wJalrXUtnFEMIK7MDENGbPxRfiCY}  # B107: this looks like a password or key",
    "a key of a store": "tags: {spark.hadoop.fs.azure.account.key.lake.dfs.core.windows.net: wJalrXUtnFEMIK7MDENGbPxRfiCY}  # B107: this looks like a password or key",
    "a password as a parameter's default": "parameters: [{name: shop_password, default: Sommer-2024}]  # B107: this looks like a password or key",
}  # fmt: skip

BUNDLES = {
    "no YAML": """
        bundle: {name: small
        targets: {}  # B001: expected
        """,
    "a suppression, and a file that cannot be read": """
        bundle: {name: small}
        include: [part.yml]
        variables: {place: {default: x}}  # lint: ignore B202
        === part.yml
        resources: {jobs: {}
        targets: {}  # B001: expected
        """,
    "a key that stands twice": """
        bundle:
          name: small
          name: smaller  # B002: name stands here and in line 3; only the last would count
        """,
    "a resource in two files": """
        bundle: {name: small}
        include: [jobs/*.yml]
        === jobs/a.yml
        resources: {jobs: {main: {tasks: [{task_key: a, run_job_task: {job_id: 1}}]}}}
        === jobs/b.yml
        resources: {jobs: {main: {tasks: [{task_key: a, run_job_task: {job_id: 1}}]}}}  # B003: jobs.main is also defined in a.yml:1
        """,
    "a key of two kinds": """
        bundle: {name: small}
        resources:
          schemas: {lake: {name: lake, catalog_name: main}}
          volumes: {lake: {name: lake, catalog_name: main, schema_name: lake}}  # B011: volumes.lake has the key of schemas.lake
        """,
    "an include in an included file": """
        bundle: {name: small}
        include: [part.yml]
        === part.yml
        include: [other.yml]  # B012: include is read in databricks.yml only
        """,
    "variables in a circle": """
        bundle: {name: small}
        variables:
          a: {default: "${var.b}"}  # B212: variable a leads back to itself
          b: {default: "x${var.a}"}  # B212: variable b leads back to itself
        """,
    "a variable's declaration": """
        bundle: {name: small}
        variables: {place: {default: x}}
        workspace:
          root_path: /${variables.place}  # B201: it is a declaration and no value; say ${var.place}
          file_path: /${variables.place.value}
        """,
    "a name of two jobs": """
        bundle: {name: small}
        resources:
          jobs:
            daily: {name: sales, tasks: [{task_key: a, run_job_task: {job_id: 1}}]}
            weekly: {name: sales, tasks: [{task_key: a, run_job_task: {job_id: 1}}]}  # B014: job weekly has the name of job daily: sales
        """,
    "a webhook of a task by its address": """
        bundle: {name: small}
        resources:
          jobs:
            main:
              webhook_notifications: {on_start: [{id: 0481e838-0a59-4eff-9541-a4ca6f149574}]}
              tasks:
                - task_key: a
                  run_job_task: {job_id: 1}
                  webhook_notifications:
                    on_failure:
                      - id: me@example.com  # B108: task a: on_failure wants the id
        """,
    "a variable where none is resolved": """
        bundle: {name: small}
        variables: {host: {default: x}}
        workspace:
          host: ${var.host}  # B213: host: the CLI resolves no ${...} here
        """,
    "no name": """
        bundle: {uuid: x}  # B606: the bundle has no name
        """,
    "triggers that run in development": """
        bundle: {name: small}
        targets:
          dev: {mode: development, presets: {trigger_pause_status: UNPAUSED}}  # B607: a development target cannot run triggers
        """,
    "a path in a volume": """
        bundle: {name: small}
        workspace:
          artifact_path: /Volumes/main/default/x
          root_path: /Volumes/main/default/x  # B608: root_path cannot lie in a volume
        """,
    "a part that is missing in one target only": """
        bundle: {name: small}
        resources:
          jobs:
            main:
              tasks: [{task_key: a, run_job_task: {job_id: 1}}]
              schedule: {quartz_cron_expression: "0 0 5 * * ?"}  # B104: schedule needs timezone_id
        targets:
          dev: {resources: {jobs: {main: {schedule: {timezone_id: UTC}}}}}
          test: {}
        """,
    "an include that is not there": """
        bundle: {name: small}
        include:
          - daily.yml  # B004: there is no such file
          - resorces/*.yml  # B010: finds no file, so nothing of it is deployed
        === resources/daily.yml
        resources: {jobs: {daily: {tasks: [{task_key: a, run_job_task: {job_id: 1}}]}}}
        """,
    "patterns of sync without a match": """
        bundle: {name: small}
        sync:
          exclude:
            - scrach/**  # B007: sync.exclude scrach/** matches no file
            - "*.ipynb"
          include:
            - plian.py  # B007: sync.include plian.py matches no file, so it changes nothing; did you mean plain.py?
        """,
    "a suppression that suppresses nothing": """
        bundle: {name: small}  # lint: ignore B301  # B009: lint: ignore B301 suppresses nothing here
        """,
    "variables": """
        bundle: {name: small}
        variables:
          unused: {default: x}  # B202: variable unused is never used
          catalog: {description: where}  # B203: variable catalog has no value in target dev
        targets:
          dev:
            variables:
              catlog: main  # B210: variable catlog is not declared; did you mean catalog?
            workspace: {root_path: "/${var.catalog}"}
        """,
    "the shell's variables in a script": """
        bundle: {name: small}
        scripts:
          show:
            content: echo ${HOME}  # B209: write $HOME
        """,
    "a password as a variable's default": """
        bundle: {name: small}
        variables:
          db_password:
            default: Sommer-2024  # B107: this looks like a password or key
        workspace: {root_path: "/${var.db_password}"}
        """,
    "tasks that wait for each other": """
        bundle: {name: small}
        resources:
          jobs:
            main:
              tasks:
                - task_key: a
                  run_job_task: {job_id: 1}
                  depends_on: [{task_key: b}]  # B304: these tasks wait for each other, none could start: a, b
                - task_key: b
                  run_job_task: {job_id: 1}
                  depends_on: [{task_key: a}]
        """,
    "resources that no include reads": """
        bundle: {name: small}
        include: [resources/*.job.yml, jobs/hourly.yml]
        === jobs/hourly.yml
        resources: {jobs: {hourly: {tasks: [{task_key: a, run_job_task: {job_id: 1}}]}}}
        === jobs/yearly.yml
        resources: {jobs: {yearly: {tasks: [{task_key: a, run_job_task: {job_id: 1}}]}}}  # B013: reads jobs/yearly.yml
        === resources/daily.job.yml
        resources: {jobs: {daily: {tasks: [{task_key: a, run_job_task: {job_id: 1}}]}}}
        === resources/weekly.yml
        resources: {jobs: {weekly: {tasks: [{task_key: a, run_job_task: {job_id: 1}}]}}}  # B013: no include of databricks.yml reads resources/weekly.yml
        === resources/values.yml
        values: {resources: {jobs: {}}}
        """,
    "a path that counts from another file": """
        bundle: {name: small}
        include: [jobs/*.yml]
        === jobs/daily.yml
        resources:
          jobs:
            daily:
              tasks:
                - {task_key: a, notebook_task: {notebook_path: a.ipynb}}  # B005: from daily.yml it is ../a.ipynb
        """,
    "a job that a target misspells": """
        bundle: {name: small}
        resources: {jobs: {main: {tasks: [{task_key: load, run_job_task: {job_id: 1}}]}}}
        targets:
          prod:
            resources:
              jobs:
                mian: {max_concurrent_runs: 2}  # B308: nothing to run; did you mean main?
                main: {tasks: [{task_key: laod, max_retries: 1}]}  # B401: nothing to run; did you mean load?
        """,
    "wheels from where none is built": """
        bundle: {name: small}
        include: [jobs/*.yml]
        artifacts:
          lib: {type: whl, build: pip wheel --wheel-dir out ., path: .}
        === jobs/daily.yml
        resources:
          jobs:
            daily:
              environments:
                - environment_key: default
                  spec: {client: "1", dependencies: [x, ../out/x-1.0.whl]}
                - environment_key: other
                  spec: {client: "1", dependencies: [./dist/*.whl]}  # B609: no artifact builds ./dist/*.whl; say ../dist/*.whl
              tasks:
                - {task_key: a, environment_key: default, run_job_task: {job_id: 1}}
                - {task_key: b, environment_key: other, run_job_task: {job_id: 1}}
                - task_key: c
                  existing_cluster_id: x
                  run_job_task: {job_id: 1}
                  libraries:
                    - {whl: dist/*.whl}  # B609: no artifact builds dist/*.whl; say ../dist/*.whl
                    - {whl: ../dist/*.whl}
                    - {whl: /Volumes/a/b/c/*.whl}
        """,
    "a job without tasks": """
        bundle: {name: small}
        resources: {jobs: {main: {name: main}}}  # B308: job main has no task
        """,
    "a parameter of the job and of the task": """
        bundle: {name: small}
        resources:
          jobs:
            main:
              parameters: [{name: day, default: ""}]
              tasks:
                - task_key: a
                  notebook_task:
                    notebook_path: a.ipynb
                    base_parameters:
                      day: "2011-01-05"  # B408: the job has a parameter day, too
        """,
    "jobs that run each other": """
        bundle: {name: small}
        resources:
          jobs:
            a: {tasks: [{task_key: a, run_job_task: {job_id: "${resources.jobs.b.id}"}}]}  # B417: job a runs b, which runs a again
            b: {tasks: [{task_key: b, run_job_task: {job_id: "${resources.jobs.a.id}"}}]}  # B417: job b runs a, which runs b again
        """,
    "a parameter that another job does not have": """
        bundle: {name: small}
        resources:
          jobs:
            a:
              tasks:
                - task_key: a
                  run_job_task:
                    job_id: ${resources.jobs.b.id}
                    job_parameters: {dya: x}  # B420: job b has no parameter dya; did you mean day?
            b:
              parameters: [{name: day, default: ""}]
              tasks: [{task_key: a, run_job_task: {job_id: 1}}]
        """,
    "a part that stands at the top": """
        bundle: {name: small}
        jobs: {}  # B101: it belongs under resources
        """,
    "libraries on serverless": """
        bundle: {name: small}
        resources:
          jobs:
            main:
              environments: [{environment_key: default, spec: {client: "1"}}]
              tasks:
                - task_key: a
                  environment_key: default
                  spark_python_task: {python_file: plain.py}
                  libraries: [{pypi: {package: x}}]  # B412: takes no libraries
        """,
    "two ways to start": """
        bundle: {name: small}
        resources:
          jobs:
            main:
              tasks: [{task_key: a, run_job_task: {job_id: 1}}]
              schedule: {quartz_cron_expression: "0 0 5 * * ?", timezone_id: UTC}
              trigger: {periodic: {interval: 1, unit: DAYS}}  # B503: schedule and trigger; keep one
        """,
    "targets": """
        bundle: {name: small}
        targets:
          dev: {default: true}
          prod:
            mode: production
            default: true  # B602: targets dev and prod both say default
            workspace:
              root_path: /Workspace/Shared/small  # B601: where everybody may change it
          other:
            mode: production  # B603: target other is production without workspace.root_path or run_as
        """,
    "a wheel that nobody builds": """
        bundle: {name: small}
        artifacts:
          lib: {type: whl, path: .}  # B605: no wheel would be made
        === pyproject.toml
        """,
}
