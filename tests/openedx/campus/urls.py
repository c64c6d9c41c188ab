"""The consumer's own addresses, and ours."""

from campus import views
from django.urls import include, path

urlpatterns = [
    path("api/", include("lti_consumer.plugin.urls")),  # where edx-platform puts them
    path("courses/<str:location>", views.student),
    path("studio/<str:location>", views.author),
    path("campus/blocks", views.place),
    path("campus/people", views.people),
    path("campus/grades", views.grades),
]
