# `docker buildx bake` builds for this machine; `docker buildx bake all --push` for both kinds.
variable "TAG" {
  default = "trendscout:latest"
}

target "default" {
  context = "."
  tags    = [TAG]
}

target "all" {
  inherits  = ["default"]
  platforms = ["linux/amd64", "linux/arm64"]
}
