@rem Windows Task Scheduler: run this once, in the folder of trendscout.toml.
schtasks /Create /TN "trendscout daily" /SC DAILY /ST 07:30 /F ^
  /TR "cmd /c cd /d \"%CD%\" && trendscout --quiet run jobs\daily.toml"
